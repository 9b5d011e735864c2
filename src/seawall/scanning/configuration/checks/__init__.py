"""The checks, one module each: `CHECKS` is the list."""

from seawall.scanning.configuration.checks.add_from_url import ADD_FROM_URL
from seawall.scanning.configuration.checks.add_instead_of_copy import ADD_INSTEAD_OF_COPY
from seawall.scanning.configuration.checks.build_file_syntax import BUILD_FILE_SYNTAX
from seawall.scanning.configuration.checks.cd_without_effect import CD_WITHOUT_EFFECT
from seawall.scanning.configuration.checks.certificate_check_off import CERTIFICATE_CHECK_OFF
from seawall.scanning.configuration.checks.curl_pipe_shell import CURL_PIPE_SHELL
from seawall.scanning.configuration.checks.deprecated_maintainer import DEPRECATED_MAINTAINER
from seawall.scanning.configuration.checks.latest_tag import LATEST_TAG
from seawall.scanning.configuration.checks.no_health_check import NO_HEALTH_CHECK
from seawall.scanning.configuration.checks.package_cache_left import PACKAGE_CACHE_LEFT
from seawall.scanning.configuration.checks.password_in_command import PASSWORD_IN_COMMAND
from seawall.scanning.configuration.checks.privileged_port import PRIVILEGED_PORT
from seawall.scanning.configuration.checks.recommended_packages import RECOMMENDED_PACKAGES
from seawall.scanning.configuration.checks.relative_workdir import RELATIVE_WORKDIR
from seawall.scanning.configuration.checks.repeated_instruction import REPEATED_INSTRUCTION
from seawall.scanning.configuration.checks.runs_as_root import RUNS_AS_ROOT
from seawall.scanning.configuration.checks.secret_file_copied import SECRET_FILE_COPIED
from seawall.scanning.configuration.checks.secret_in_build_argument import SECRET_IN_BUILD_ARGUMENT
from seawall.scanning.configuration.checks.secret_in_environment import SECRET_IN_ENVIRONMENT
from seawall.scanning.configuration.checks.setuid_files import SETUID_FILES
from seawall.scanning.configuration.checks.shell_form_entrypoint import SHELL_FORM_ENTRYPOINT
from seawall.scanning.configuration.checks.ssh_exposed import SSH_EXPOSED
from seawall.scanning.configuration.checks.sudo_used import SUDO_USED
from seawall.scanning.configuration.checks.unpinned_base import UNPINNED_BASE
from seawall.scanning.configuration.checks.unpinned_packages import UNPINNED_PACKAGES
from seawall.scanning.configuration.checks.unverified_packages import UNVERIFIED_PACKAGES
from seawall.scanning.configuration.checks.update_alone import UPDATE_ALONE
from seawall.scanning.configuration.checks.whole_context_copied import WHOLE_CONTEXT_COPIED
from seawall.scanning.configuration.checks.world_writable import WORLD_WRITABLE
from seawall.scanning.configuration.contract import Check

CHECKS: tuple[Check, ...] = (
    RUNS_AS_ROOT,
    SECRET_IN_ENVIRONMENT,
    SECRET_IN_BUILD_ARGUMENT,
    PASSWORD_IN_COMMAND,
    SECRET_FILE_COPIED,
    WHOLE_CONTEXT_COPIED,
    SSH_EXPOSED,
    SETUID_FILES,
    CURL_PIPE_SHELL,
    UNVERIFIED_PACKAGES,
    CERTIFICATE_CHECK_OFF,
    ADD_FROM_URL,
    LATEST_TAG,
    UNPINNED_BASE,
    SUDO_USED,
    WORLD_WRITABLE,
    ADD_INSTEAD_OF_COPY,
    UPDATE_ALONE,
    PACKAGE_CACHE_LEFT,
    RECOMMENDED_PACKAGES,
    UNPINNED_PACKAGES,
    RELATIVE_WORKDIR,
    CD_WITHOUT_EFFECT,
    REPEATED_INSTRUCTION,
    SHELL_FORM_ENTRYPOINT,
    NO_HEALTH_CHECK,
    PRIVILEGED_PORT,
    DEPRECATED_MAINTAINER,
    BUILD_FILE_SYNTAX,
)

__all__ = ["CHECKS"]
