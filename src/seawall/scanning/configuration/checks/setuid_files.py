"""Programs that run with the rights of their owner or group, whoever starts them."""

import re
from collections.abc import Iterator

from seawall.model import Severity, Urgency
from seawall.scanning.configuration.contract import CONFIGURATION, Check, ImageFacts, Problem

_SETUID, _SETGID = 0o4000, 0o2000
_REMEDY = "take the bit away where nothing needs it (chmod a-s), or run with no-new-privileges"
_FOLDERS = re.compile(r"(?:usr/)?(?:s?bin|lib\w*|libexec)/")
# What distributions install so: login, mounting, scheduling, mail queues, and the helpers of
# PAM, D-Bus, polkit, ssh and utempter.
_STANDARD = frozenset(
    (
        *(
            "su",
            "sudo",
            "sudoedit",
            "mount",
            "umount",
            "passwd",
            "gpasswd",
            "chsh",
            "chfn",
            "chage",
        ),
        *("expiry", "newgrp", "sg", "wall", "write", "bsd-write", "ssh-agent", "ssh-keysign"),
        *("crontab", "at", "batch", "unix_chkpwd", "pam_timestamp_check", "pam_extrausers_chkpwd"),
        *("pkexec", "polkit-agent-helper-1", "dbus-daemon-launch-helper", "fusermount"),
        *("fusermount3", "ping", "ping6", "arping", "traceroute6.iputils", "bbsuid", "mount.nfs"),
        *(
            "mount.cifs",
            "ntfs-3g",
            "newuidmap",
            "newgidmap",
            "locate",
            "mlocate",
            "plocate",
            "slocate",
        ),
        *(
            "utempter",
            "grub2-set-bootflag",
            "dotlockfile",
            "mail-lock",
            "mail-unlock",
            "mail-touchlock",
        ),
        *(
            "lockfile",
            "procmail",
            "exim4",
            "sendmail",
            "sendmail.sendmail",
            "postdrop",
            "postqueue",
        ),
        *(
            "userhelper",
            "usernetctl",
            "netreport",
            "pppd",
            "screen",
            "ssh-agent",
            "dmcrypt-get-device",
        ),
        *("cockpit-session", "newrole", "seunshare", "vlock", "suexec", "lppasswd", "ksu", "doas"),
        *("chrome-sandbox", "qemu-bridge-helper", "staprun", "Xorg.wrap", "camel-lock-helper-1.2"),
    )
)
# Programs that do whatever they are told: with setuid each is a way to root.
_OBEDIENT = re.compile(
    r"(?:ba|da|a|z|k|c|tc)?sh|busybox|python[\d.]*|perl[\d.]*|ruby[\d.]*|node|php[\d.]*|lua[\d.]*|awk|gawk|mawk"
    r"|find|vim?(?:\.\w+)?|nano|cp|mv|dd|tee|env|tar|less|more|cat|sed|chmod|chown|gdb|strace|nmap|docker|openssl"
)


def examine(image: ImageFacts) -> Iterator[Problem]:
    """Tell the unusual ones one by one, and how many usual ones there are."""
    usual: list[str] = []
    for path, mode in image.privileged.items():
        name = path.rpartition("/")[2]
        if name in _STANDARD and _FOLDERS.match(path):
            usual.append(path)
            continue
        bits = " and ".join(
            word for bit, word in ((_SETUID, "setuid"), (_SETGID, "setgid")) if mode & bit
        )
        is_door = bool(mode & _SETUID) and _OBEDIENT.fullmatch(name)
        yield Problem(
            f"/{path} is {bits}" + (", and does what it is told as its owner" if is_door else ""),
            _REMEDY,
            path=path,
            evidence=f"mode {mode & 0o7777:04o}",
            severity=Severity.HIGH if is_door else None,
            urgency=Urgency.SOON if is_door else None,
        )
    if usual:
        count = "1 program" if len(usual) == 1 else f"{len(usual)} programs"
        names = ", ".join(sorted({path.rpartition("/")[2] for path in usual}))
        yield Problem(
            f"{count} of the distribution with setuid or setgid: {names}",
            _REMEDY,
            path=CONFIGURATION,
            evidence=count,
            severity=Severity.LOW,
            urgency=Urgency.HIDDEN,
        )


SETUID_FILES = Check(
    id="setuid-files",
    title="a setuid or setgid file",
    severity=Severity.MEDIUM,
    urgency=Urgency.WATCH,
    image=examine,
    sources=("CIS Docker Benchmark 1.6.0, 4.8",),
    needs_configuration=False,
)
