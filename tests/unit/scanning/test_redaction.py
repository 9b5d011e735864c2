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
    ],
)
def test_an_ordinary_line_stays_as_it_is(line: str) -> None:
    assert redacted(line) == line


@given(st.text(max_size=300))
def test_any_text_can_be_cut(line: str) -> None:
    assert len(redacted(line)) <= len(line) + 50
