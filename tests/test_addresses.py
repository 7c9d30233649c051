"""Where a caller's URL may lead the service: https to public addresses, however the address is written or hidden."""

import ipaddress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from quantum_jobs.addresses import Bounds, checked, read_url
from quantum_jobs.errors import SettingsMissing, WebhookRefused

PUBLIC = Bounds()
# IANA's registries of special-purpose addresses (RFC 6890 and later), multicast, what is reserved, relays, metadata.
SPECIAL_V4 = [
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
    *("192.0.0.0/29", "192.0.0.170/31", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"),
    *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32", "168.63.129.16/32"),
]
SPECIAL_V6 = [
    *("::/128", "::1/128", "100::/64", "2001::/32", "2001:db8::/32", "2002::/16", "fc00::/7", "fe80::/10"),
    *("fec0::/10", "ff00::/8", "64:ff9b:1::/48", "fd00:ec2::254/128", "4000::/3", "::7f00:1/128", "3fff::/20"),
]


def within(networks):
    parsed = [ipaddress.ip_network(text) for text in networks]
    return st.sampled_from(parsed).flatmap(
        lambda network: st.integers(int(network[0]), int(network[-1])).map(type(network[0]))
    )


def refused(call, *arguments):
    with pytest.raises(WebhookRefused):
        call(*arguments)
    return True


@given(within(SPECIAL_V4))
def test_no_special_ipv4_address_is_connected_to(address):
    assert refused(checked, [str(address)], "name", PUBLIC)


@given(within(SPECIAL_V6))
def test_no_special_ipv6_address_is_connected_to(address):
    assert refused(checked, [str(address)], "name", PUBLIC)


@given(within(SPECIAL_V4), st.sampled_from(["::ffff:0:0", "64:ff9b::", "2002::", "::"]))
def test_no_special_address_is_connected_to_inside_of_an_ipv6_one(address, prefix):
    shift = 80 if prefix == "2002::" else 0
    hidden = ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) | int(address) << shift)
    assert refused(checked, [str(hidden)], "name", PUBLIC)


@given(st.lists(st.sampled_from(["8.8.8.8", "1.1.1.1", "2606:4700::1111"]), max_size=4), st.integers(0, 4))
def test_one_address_that_is_not_public_spoils_a_name(others, place):
    assert refused(checked, [*others[:place], "10.0.0.7", *others[place:]], "name", PUBLIC)


@pytest.mark.parametrize("address", ["8.8.8.8", "20.50.2.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are_connected_to(address):
    assert checked([address], "name", PUBLIC) == [address]


def test_a_name_without_an_address_is_refused():
    assert refused(checked, [], "name", PUBLIC)


@given(within(["10.1.0.0/16", "fd12::/64"]))
def test_a_network_that_the_operator_names_is_allowed(address):
    bounds = Bounds.of("443", "10.1.0.0/16, fd12::/64")
    assert checked([str(address)], "name", bounds)
    assert refused(checked, [str(address), "10.2.0.1"], "name", bounds)


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "168.63.129.16", "fd00:ec2::254", "fe80::1", "::ffff:a9fe:a9fe"]
)
def test_where_a_machine_keeps_its_credentials_no_setting_leads(address):
    everything = Bounds.of("443", "0.0.0.0/0,::/0")
    assert refused(checked, [address], "name", everything)


@given(st.ip_addresses(v=4))
def test_every_odd_writing_of_an_ipv4_address_is_refused(address):
    number, parts = int(address), str(address).split(".")
    odd = [
        str(number),
        hex(number),
        f"0{number:o}",
        f"{parts[0]}.{number & 0xFFFFFF}",
        f"{parts[0]}.{parts[1]}.{number & 0xFFFF}",
        ".".join(hex(int(part)) for part in parts),
        ".".join(f"0{int(part):o}" for part in parts),
        ".".join(part.zfill(4) for part in parts),
        f"{address}.",
    ]
    for host in odd:
        assert refused(read_url, f"https://{host}/", PUBLIC), host


@pytest.mark.parametrize(
    "url",
    [
        *("http://hooks.example/", "ftp://hooks.example/", "hooks.example", "//hooks.example/", "https:/hooks.example"),
        *("https://", "https:///path", "https://user@hooks.example/", "https://user:secret@hooks.example/"),
        *("https://hooks.example#@10.0.0.1/", "https://hooks.example\\@10.0.0.1/", "https://hooks.example/#part"),
        *("https://hooks.example/\r\nHost: x", "https://hooks.example/ x", "https://ex ample/"),
        *("https://hooks%2eexample/", "https://hööks.example/", "https://hooks。example/", "https://①②⑦.0.0.1/"),
        *("https://-a.example/", "https://a..example/", "https://.example/", f"https://{'a' * 64}.example/"),
        *("https://a_b.example/", "https://hooks.example/\x00"),
        *("https://[::1%25eth0]/", "https://[::1", "https://::1/", "https://[1.2.3.4]/", "https://[g::]/", "https://[::1]x/"),
        *("https://hooks.example:/", "https://hooks.example:0443x/", "https://hooks.example:99999/", "https://a.example:80/"),
    ],
)  # fmt: skip
def test_what_two_readers_could_read_differently_is_refused(url):
    assert refused(read_url, url, PUBLIC)


HOSTS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?(\.[a-z]([a-z0-9-]{0,20}[a-z0-9])?){1,3}", fullmatch=True)


@given(HOSTS, st.sampled_from(["", "/", "/a/b?c=d", "?q=1", "/%2e%2e/"]))
def test_a_url_is_read_as_its_host_port_and_what_is_asked_there(host, target):
    place = read_url(f"HTTPS://{host.upper()}{target}", PUBLIC)
    assert (place.host, place.port, place.authority) == (host, 443, host)
    assert place.target == (target if target.startswith("/") else f"/{target}")


@given(st.text(max_size=60))
@example("https://a.example@b.example")
def test_whatever_is_taken_has_a_host_of_letters_digits_dots_and_nothing_else(text):
    try:
        place = read_url(f"https://{text}", PUBLIC)
    except WebhookRefused:
        return
    assert place.host == text[: len(place.host)].lower() or place.host in text.lower() or ":" in place.host
    assert set(place.host) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-:")


def test_ports_are_those_that_the_operator_names():
    bounds = Bounds.of("443, 8000-8100", "")
    assert [read_url(f"https://a.example{port}/", bounds).port for port in ("", ":443", ":8000", ":8100")] == [
        *(443, 443, 8000, 8100)
    ]
    assert refused(read_url, "https://a.example:8101/", bounds)
    assert read_url("https://a.example:8001/x", bounds).authority == "a.example:8001"
    assert read_url("https://[2606:4700::1111]/", bounds).authority == "[2606:4700::1111]"


@pytest.mark.parametrize(
    "settings", [("https", ""), ("0", ""), ("443-", ""), ("9-8", ""), ("70000", ""), ("", "10.0.0.1/8"), ("", "lan")]
)
def test_a_setting_that_cannot_be_read_is_told_at_the_start(settings):
    with pytest.raises(SettingsMissing, match="WEBHOOK_ALLOWED"):
        Bounds.of(*settings)
