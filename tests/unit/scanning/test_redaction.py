import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.scanning.redaction import redacted

VALUE = "wJa8rXUtnFEMIxK7MDENGxbPxRfiCYEXAMPLEKY"


@pytest.mark.parametrize(
    "line",
    [
        f"ENV AWS_SECRET_ACCESS_KEY={VALUE}",
        f"ENV HARMLESS {VALUE}",
        f'RUN curl -H "Authorization: Bearer {VALUE}" https://example.org',
        f"RUN curl -u user:{VALUE} https://example.org",
        f"RUN git clone https://user:{VALUE}@example.org/x",
        f"RUN tool --password {VALUE}",
        f"RUN tool --api-key='{VALUE}'",
        f"RUN echo {VALUE} > /etc/x",
        f"RUN TOKEN={VALUE} make",
        f"RUN export DB_PASSWORD={VALUE} && run",
    ],
)
def test_a_secret_is_cut_wherever_it_stands(line: str) -> None:
    shown = redacted(line)
    assert VALUE not in shown
    assert not any(VALUE[at : at + 6] in shown for at in range(len(VALUE) - 6))
    assert shown.split()[0] == line.split(maxsplit=1)[0]


@pytest.mark.parametrize("secret", ["hunter2", "s3cr3t!", "x y z"])
def test_a_short_value_behind_a_telling_name_is_cut(secret: str) -> None:
    for line in (
        f"ENV DB_PASSWORD={secret}",
        f'RUN tool --password "{secret}"',
        f"ARG pwd={secret}",
    ):
        assert secret not in redacted(line)


@pytest.mark.parametrize(
    "line",
    [
        "RUN apt-get update && apt-get install -y --no-install-recommends curl libssl3 python3.11",
        "COPY . /usr/local/lib/python3.11/dist-packages/application/settings",
        "RUN pip install -r requirements.txt && rm -rf /var/lib/apt/lists/*",
        "WORKDIR /home/application/production",
        "RUN set -eux; apk add --no-cache curl=8.1-r0 bash && mkdir -p /srv/app",
        'CMD ["bash"]',
        "RUN make",
    ],
)
def test_an_ordinary_line_stays_as_it_is(line: str) -> None:
    assert redacted(line) == line


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("RUN echo 'root:Sommer2024x' | chpasswd", "RUN echo … | chpasswd"),
        ("RUN chpasswd <<EOF root:Sommer2024x EOF", "RUN chpasswd …"),
        ("RUN echo Sommer2024x | passwd --stdin root", "RUN echo … | passwd …"),
        ("RUN useradd -m -p Sommer2024x app && make", "RUN useradd … && make"),
        ("RUN sshpass -p Sommer2024x ssh host", "RUN sshpass …"),
        ("RUN mysql -uroot -pSommer2024x shop", "RUN mysql …"),
        ("RUN mysql -u$(whoami) -p sommer2024x", "RUN mysql …"),
        ("RUN redis-cli -a Sommer2024x ping", "RUN redis-cli …"),
        ("RUN htpasswd -bc f admin Sommer2024x", "RUN htpasswd …"),
        ("RUN vault login Sommer2024x", "RUN vault …"),
        ("RUN |1 A=b Sommer2024x", "RUN …"),
        ("RUN /bin/bash -o pipefail -c vault login Sommer2024x", "RUN vault …"),
        ('RUN ["vault", "login", "Sommer2024x"]', "RUN …"),
        ("RUN echo it's; sommer2024x", "RUN echo …"),
        ("RUN pip install -i https://a:Sommer2024x@h/ b", "RUN pip install -i …"),
        ("RUN A=Sommer2024x make", "RUN make"),
        ('CMD ["serve", "Sommer2024x"]', 'CMD ["serve", …]'),
        ("ONBUILD RUN vault login Sommer2024x", "ONBUILD RUN vault …"),
        ("HEALTHCHECK CMD curl -u a:Sommer2024x h", "HEALTHCHECK …"),
        ("ENV A Sommer2024x", "ENV A=…"),
        ("ENV A=1 B=Sommer2024x", "ENV A=…"),
        ("ADD https://h/x?sig=Sommer2024x /x", "ADD https://h/x?… /x"),
        ("vault login Sommer2024x", "vault …"),
    ],
)
def test_of_a_command_only_its_program_is_shown(line: str, shown: str) -> None:
    assert redacted(line) == shown


@given(st.text(max_size=300))
def test_any_text_can_be_cut(line: str) -> None:
    assert len(redacted(line)) <= len(line) + 50
