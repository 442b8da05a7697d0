"""The people of a local stack: somebody for every role, named as the simulated ones are."""

from collections.abc import Iterator
from pathlib import Path

from holdfast.organisation import Unit, read_organisation
from shared.identity import Role
from shared.web.home.ready_users import USERS, ReadyUser

# Invented; the order is that of MANAGERS in holdfast/simulation/population.py, four a county.
_MANAGERS = (
    *("赵倩", "钱伟", "孙丽", "李强"),
    *("周敏", "吴刚", "郑洁", "王磊"),
    *("冯娟", "陈浩", "褚燕", "卫东"),
)
_CLERKS = {
    "990101": ("李敏", "张华"),
    "990102": ("刘洋", "杨静"),
    "990103": ("黄勇", "林芳"),
}
_OWNERS = {"990101": "高翔", "990102": "何琳", "990103": "郭涛"}
_STORE_CLERKS = {"990101": "马丽", "990102": "罗军", "990103": "梁雪"}
_MANAGERS_PER_COUNTY = 4

# One each for the city or the province.
_OTHERS = (
    ("hotline-9901", "宋佳", Role.HOTLINE_AGENT, "9901"),
    ("dispatcher-9901", "陈涛", Role.DISPATCHER, "9901"),
    ("group-9901", "唐婷", Role.GROUP_DEPARTMENT, "9901"),
    ("supervisor-9901", "韩梅", Role.SUPERVISOR, "9901"),
    ("rules-99", "曹阳", Role.RULE_AUTHOR, "99"),
    ("points-99", "彭程", Role.POINTS_OPERATOR, "99"),
    ("auditor-99", "董洁", Role.AUDITOR, "99"),
    ("platform-99", "袁凯", Role.PLATFORM_ENGINEER, "99"),
)


def ready_users() -> tuple[ReadyUser, ...]:
    """Everybody, county by county, then those of the city and the province."""
    counties = [unit for unit in read_organisation().units if unit.kind == "county"]
    local = [user for n, county in enumerate(counties) for user in _of_county(n, county)]
    others = [_user(sub, name, role, org) for sub, name, role, org in _OTHERS]
    return (*local, *others)


def write_ready_users(file: Path) -> None:
    file.write_bytes(USERS.dump_json(ready_users(), indent=1))


def _of_county(number: int, county: Unit) -> Iterator[ReadyUser]:
    code = county.code
    for place, name in enumerate(_CLERKS[code], start=1):
        yield _user(f"clerk-{code}-{place}", name, Role.COUNTY_CLERK, code)
    yield _user(f"store-{code}001-1", _STORE_CLERKS[code], Role.STORE_CLERK, f"{code}001")
    if county.retention_owner:
        yield _user(county.retention_owner, _OWNERS[code], Role.RETENTION_OWNER, code)
    first = number * _MANAGERS_PER_COUNTY
    for place, name in enumerate(_MANAGERS[first : first + _MANAGERS_PER_COUNTY], start=first + 1):
        yield _user(f"manager-{place:02d}", name, Role.MANAGER, code)
    yield _user(f"part-time-{code}", f"{_OWNERS[code][0]}宁", Role.PART_TIME_MANAGER, code)
    yield _user(f"lead-{code}", f"{_CLERKS[code][0][0]}宏", Role.GROUP_LEAD, code)


def _user(sub: str, name: str, role: Role, org: str) -> ReadyUser:
    return ReadyUser(sub=sub, name=name, roles=(role,), org=org)
