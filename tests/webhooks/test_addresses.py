"""Where webhooks may be sent to: public hosts over HTTPS, what the operator has listed, and nothing else."""

import time
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address

import pytest
from ayla_service.webhooks.networks import Address, PrivateHosts, is_public
from ayla_service.webhooks.resolving import Resolver
from ayla_service.webhooks.target_policy import TargetPolicy
from ayla_service.webhooks.targets import TargetRefused, parse

from tests.cases import each

PUBLIC = "93.184.215.14"
PUBLIC_6 = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"

Names = Mapping[str, Sequence[str]]


def resolving(names: Names) -> Callable[[str, float], list[Address]]:
    """A resolver that knows these names, and no others."""

    def resolve(host: str, _: float) -> list[Address]:
        if host not in names:
            raise TargetRefused("The host's name could not be resolved.")
        return [ip_address(address) for address in names[host]]

    return resolve


def policy(*private: str, **names: str) -> TargetPolicy:
    """A policy for which names with _ for . have these addresses, separated by blanks."""
    known = {name.replace("_", "."): addresses.split() for name, addresses in names.items()}
    return TargetPolicy(PrivateHosts.of(private), resolving({"public.example": [PUBLIC], **known}))


def reason(policy: TargetPolicy, url: str) -> str:
    """Why a URL is refused, which it has to be."""
    with pytest.raises(TargetRefused) as refused:
        policy.resolve(url, 1.0)
    return refused.value.reason


# What an attacker writes to reach this machine, or what is around it, by a host that does not look like it.
HOSTILE = [
    "https://127.0.0.1/",
    "https://127.1/",
    "https://0/",
    "https://0.0.0.0/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://127.0.0.01/",
    "https://127.0.0.1./",
    "https://1.2.3/",
    "https://1.2.3.4.5/",
    "https://999.1.1.1/",
    "https://example.0x1/",
    "https://example.1/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    f"https://[::ffff:{PUBLIC}]/",
    f"https://[::{PUBLIC}]/",
    "https://[64:ff9b::127.0.0.1]/",
    "https://[64:ff9b:1::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:0:7f00:1::]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fe80::1%eth0]/",
    "https://[fd00:ec2::254]/",
    "https://[ff02::1]/",
    "https://[::1",
    "https://::1]/",
    "https://[127.0.0.1]/",
    "https://169.254.169.254/latest/meta-data/",
    "https://168.63.129.16/",
    "https://100.100.100.200/",
    "https://10.0.0.1/",
    "https://172.31.255.255/",
    "https://192.168.1.1/",
    "https://192.0.0.192/",
    "https://198.18.0.1/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://localhost/",
    "https://localhost./",
    "https://LOCALHOST/",
    "https://public.example./",
    "https://.public.example/",
    "https://public..example/",
    "https://-public.example/",
    "https://" + "a" * 64 + ".example/",
    "https://" + "a." * 127 + "example/",
    "https://ｌｏｃａｌｈｏｓｔ/",
    "https://１２７.0.0.1/",
    "https://127。0。0。1/",
    "https://pubⅼic.example/",
    "https://ⓟublic.example/",
    "https://%31%32%37.0.0.1/",
    "https://public.example%00.evil.example/",
    "https://public%2eexample/",
    "https://user@public.example/",
    "https://user:word@public.example/",
    "https://public.example@127.0.0.1/",
    "https://@public.example/",
    "https://public.example:443@127.0.0.1/",
    "https://127.0.0.1\\@public.example/",
    "https://public.example\\.evil.example/",
    "https:\\\\public.example/",
    "https://public.example /",
    " https://public.example/",
    "https://public.example/\n",
    "https://public.example/\r\nHost: evil.example",
    "https://public.example/\tx",
    "https://public.example/\x00",
    "https://public.example/a b",
    "https://public.example/%",
    "https://public.example/%zz",
    "https://public.example/é",
    "https://public.example/#part",
    "https://public.example#@127.0.0.1/",
    "https://public.example/<script>",
    "https:///public.example/",
    "https://",
    "https:public.example",
    "https:/public.example/",
    "//public.example/",
    "public.example",
    "",
    "https://?x=1",
    "https://:443/",
    "https://public.example:/",
    "https://public.example:0/",
    "https://public.example:00443/",
    "https://public.example:65536/",
    "https://public.example:4٤3/",
    "https://public.example:443:443/",
    "https://public.example:-1/",
    "https://public.example:22/",
    "https://public.example:25/",
    "https://public.example:80/",
    "http://public.example/",
    "http://public.example:443/",
    "ftp://public.example/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_INFO",
    "javascript:alert(1)",
    "https://unknown.example/",
    "https://inside.example/",
    "https://mixed.example/",
    "https://mixed6.example/",
    "https://mapped.example/",
    "https://scoped.example/",
    "https://none.example/",
    "https://public.example/" + "a" * 2000,
]


@each("url", HOSTILE)
@each("private", [(), ("10.99.0.0/16", "trusted.example")], ids=["nothing", "something"])
def test_what_is_not_plainly_a_public_host_is_refused(url: str, private: tuple[str, ...]) -> None:
    closed = policy(
        *private,
        localhost="127.0.0.1",
        inside_example="10.0.0.7",
        mixed_example=f"{PUBLIC} 10.0.0.7",
        mixed6_example=f"{PUBLIC_6} fd00::7",
        mapped_example="::ffff:10.0.0.7",
        scoped_example="fe80::1%eth0",
        none_example="",
    )
    refusal = reason(closed, url)
    assert refusal.endswith(".")
    assert "10.0.0.7" not in refusal, "addresses of the inside are nobody's business"


@each(
    ("url", "host", "port", "resource", "authority"),
    [
        ("https://public.example", "public.example", 443, "/", "public.example"),
        ("HTTPS://Public.Example/Hook", "public.example", 443, "/Hook", "public.example"),
        ("https://public.example:443/", "public.example", 443, "/", "public.example"),
        ("https://public.example:8443/a?b=c&d", "public.example", 8443, "/a?b=c&d", "public.example:8443"),
        ("https://public.example?b=/@:c", "public.example", 443, "/?b=/@:c", "public.example"),
        ("https://public.example/%7Ea/..;v=1/", "public.example", 443, "/%7Ea/..;v=1/", "public.example"),
        (f"https://{PUBLIC}/", PUBLIC, 443, "/", PUBLIC),
        (f"https://[{PUBLIC_6}]:8443/", PUBLIC_6, 8443, "/", f"[{PUBLIC_6}]:8443"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example", 443, "/", "xn--bcher-kva.example"),
        ("https://my_hook.example/", "my_hook.example", 443, "/", "my_hook.example"),
        ("https://4.example/", "4.example", 443, "/", "4.example"),
    ],
)
def test_plain_urls_are_taken_apart(url: str, host: str, port: int, resource: str, authority: str) -> None:
    target = parse(url)
    assert (target.scheme, target.host, target.port) == ("https", host, port)
    assert (target.resource, target.authority) == (resource, authority)


def test_a_public_host_is_reached_at_any_of_its_addresses() -> None:
    resolved = policy(both_example=f"{PUBLIC_6} {PUBLIC}").resolve("https://both.example/", 1.0)
    assert [str(address) for address in resolved.addresses] == [PUBLIC_6, PUBLIC]


SPECIAL = """
    0.0.0.0 0.1.2.3 10.0.0.0 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254 168.63.129.16
    169.254.0.1 169.254.169.254 172.16.0.1 172.31.0.1 192.0.0.1 192.0.0.9 192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1
    198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
    :: ::1 ::7f00:1 ::5db8:d70e ::ffff:7f00:1 ::ffff:5db8:d70e ::ffff:0:7f00:1 64:ff9b::5db8:d70e 64:ff9b:1::1 100::1
    2001::1 2001:0:5db8:d70e:: 2001:2::1 2001:10::1 2001:20::1 2001:db8::1 2002:5db8:d70e:: 3fff::1 5f00::1 fc00::1
    fd00:ec2::254 fe80::1 fe80::1%eth0 febf::1 fec0::1 ff02::1 ff0e::1 4000::1 8000::1 e000::1
"""


@each("address", SPECIAL.split())
def test_special_addresses_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


ORDINARY = """
    1.1.1.1 9.9.9.9 11.0.0.1 93.184.215.14 100.63.255.255 100.128.0.1 126.255.255.255 128.0.0.1 172.15.0.1 172.32.0.1
    192.0.1.1 192.167.0.1 223.255.255.255 2001:4860:4860::8888 2606:4700::1111 2a00:1450::1 3ffe::1
"""


@each("address", ORDINARY.split())
def test_others_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    ("listed", "url"),
    [
        ("hooks.internal", "http://hooks.internal/"),
        ("Hooks.Internal", "http://HOOKS.internal:9000/"),
        ("hooks", "https://hooks/"),
        ("10.1.0.0/16", "http://hooks.internal:9000/"),
        ("10.1.0.0/16", "http://10.1.255.1:1/"),
        ("127.0.0.1", "http://127.0.0.1:8080/"),
        ("::1", "http://[::1]:8080/"),
        ("localhost", "http://localhost:8080/"),
        ("public.example", "http://public.example:8080/"),
    ],
)
def test_what_is_listed_may_be_private_plain_and_on_any_port(listed: str, url: str) -> None:
    names = {"hooks_internal": "10.1.2.3", "hooks": "10.1.2.3", "localhost": "127.0.0.1 ::1"}
    assert policy(listed, **names).resolve(url, 1.0).addresses


@pytest.mark.parametrize(
    ("listed", "url"),
    [
        ("hooks.internal", "http://other.internal/"),
        ("hooks.internal", "http://evil.hooks.internal/"),
        ("10.1.0.0/16", "http://10.2.0.1/"),
        ("10.1.0.0/16", "http://[::ffff:10.1.0.1]/"),
        ("127.0.0.1", "http://[::1]/"),
        ("127.0.0.1", "http://both.internal/"),
        ("link.internal", "http://link.internal/"),
        ("zero.internal", "http://zero.internal/"),
        ("mapped.internal", "http://mapped.internal/"),
    ],
)
def test_what_is_listed_opens_nothing_else(listed: str, url: str) -> None:
    closed = policy(
        listed,
        other_internal="10.1.2.4",
        evil_hooks_internal="10.1.2.3",
        both_internal="127.0.0.1 127.0.0.2",
        link_internal="169.254.169.254",
        zero_internal="0.0.0.0",
        mapped_internal="::ffff:10.0.0.1",
    )
    assert "private" in reason(closed, url)


METADATA = """
    169.254.169.254 169.254.170.2 169.254.170.23 169.254.0.23 169.254.42.42 100.100.100.200 168.63.129.16 192.0.0.192
    fd00:ec2::254 fd00:ec2::23 fd20:ce::254 fd00:c1::a9fe:a9fe fd00:42::42 fe80::a9fe:a9fe
    ::ffff:169.254.169.254 ::ffff:0:100.100.100.200 ::169.254.169.254 64:ff9b::169.254.169.254 64:ff9b::6464:64c8
    64:ff9b:1::a9fe:a9fe 2002:a9fe:a9fe::1 2002:6464:64c8:: 2001:0:a9fe:a9fe:: 2001:0:1:1:0:0:5601:5601
"""
"""Where clouds keep credentials, and IPv6 addresses that lead there."""


@each("address", METADATA.split())
def test_credentials_of_clouds_are_reached_only_where_they_are_listed_by_themselves(address: str) -> None:
    bracketed = f"[{address}]" if ":" in address else address
    everything = ("0.0.0.0/0", "::/0", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7", "fe80::/10", "64:ff9b::/96")
    for private in ((), ("cloud.internal",), everything, ("cloud.internal", *everything)):
        closed = policy(*private, cloud_internal=address)
        assert "private" in reason(closed, "https://cloud.internal/"), private
        assert "private" in reason(closed, f"https://{bracketed}/"), private
    assert policy(address, cloud_internal=address).resolve("http://cloud.internal/", 1.0).addresses


NEAR_THEM = "100.100.100.199 100.64.0.1 fd00:ec1::254 fd12:3456::1 10.0.0.1 192.168.1.1"


@pytest.mark.parametrize("address", NEAR_THEM.split())
def test_a_listed_name_may_still_lead_to_a_private_address(address: str) -> None:
    assert policy("hooks.internal", hooks_internal=address).resolve("http://hooks.internal/", 1.0).addresses


def test_a_network_that_holds_some_of_a_names_addresses_asks_the_others_to_be_public_and_encrypted() -> None:
    mixed = policy("10.1.0.0/16", mixed_example=f"10.1.0.1 {PUBLIC}")
    assert "https://" in reason(mixed, "http://mixed.example/")
    assert "port" in reason(mixed, "https://mixed.example:9000/")
    assert mixed.resolve("https://mixed.example/", 1.0).addresses


def test_the_system_resolves_names_within_the_time_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ip_address("127.0.0.1") in Resolver()("localhost", 10.0)
    with pytest.raises(TargetRefused, match="resolved"):
        Resolver()("no-such-host.invalid", 2.0)
    monkeypatch.setattr("ayla_service.webhooks.resolving._look_up", lambda _: time.sleep(0.2))
    with pytest.raises(TargetRefused, match="in time"):
        Resolver()("slow.example", 0.01)


def test_names_that_are_never_answered_use_up_a_limited_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ayla_service.webhooks.resolving._AT_ONCE", 1)
    monkeypatch.setattr("ayla_service.webhooks.resolving._look_up", lambda _: time.sleep(0.2))
    resolver = Resolver()
    with pytest.raises(TargetRefused, match="in time"):
        resolver("slow.example", 0.01)
    with pytest.raises(TargetRefused, match="Too many"):
        resolver("slow.example", 0.01)
