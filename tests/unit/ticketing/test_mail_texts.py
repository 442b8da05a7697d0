"""The words of mails to branches, as ux 4.21 has them, and that no header can be forged by them."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from uuid import UUID

import pytest
from notice_facts import DUE_SOON, OVERDUE, SENT_BACK, a_notice, at

from services.ticketing.domain.deadlines import Policy
from services.ticketing.domain.mail import Envelope, NoAddress, mail
from services.ticketing.domain.mail_texts import Language, MailText, Names, mail_text, one_line
from services.ticketing.domain.notices import Notice, NoticeKind
from services.ticketing.domain.states import OrderType
from shared.events.customers import Tier

ZH, EN = Language.ZH, Language.EN
URL = "https://holdfast.example/ticketing/orders/260305-000131"
NAMES_ZH = Names("城关区", "望江市", "李敏", "陈涛")
NAMES_EN = Names("Chengguan District", "Wangjiang City", "Li Min", "Chen Tao")


def said(notice: Notice, language: Language) -> str:
    """Subject ‖ body, as the specification writes it."""
    names = NAMES_ZH if language is ZH else NAMES_EN
    written = mail_text(notice, names, language)
    return f"{written.subject} ‖ {written.lead}{{url}}"


@pytest.mark.requirement("TK-06")
@pytest.mark.parametrize(
    ("notice", "language", "expected"),
    [
        (
            a_notice(),
            ZH,
            (
                "【新工单】260305-000131 3G转合约，3 月 6 日（周五）18:00 前办结 ‖ "
                "城关区维系责任人：陈涛 派发了续约工单 260305-000131（3G转合约，客户级别 银卡）。"
                "客户已在电话中同意续约。请在 3 月 6 日（周五）18:00 前完成并反馈结果；"
                "未成功请选择丢单原因。截止依据：下一工作日下班前。打开工单：{url}"
            ),
        ),
        (
            a_notice(),
            EN,
            (
                "[New order] 260305-000131 3G to contract, due Fri 6 Mar 18:00 ‖ "
                "To the retention owner of Chengguan District: Chen Tao sent renewal order "
                "260305-000131 (3G to contract, Silver). The customer agreed by phone. "
                "Please finish and report the result by Fri 6 Mar 18:00; if lost, choose the "
                "reason. Basis: end of the next working day. Open: {url}"
            ),
        ),
        (
            DUE_SOON,
            ZH,
            (
                "【即将超时】260305-000131 今天 18:00 截止，剩 2 小时 ‖ "
                "工单仍为「处理中」，经办 王五。{url}"
            ),
        ),
        (
            DUE_SOON,
            EN,
            (
                "[Due soon] 260305-000131 due today 18:00, 2 h left ‖ "
                'Still "In progress", handled by 王五. {url}'
            ),
        ),
        (
            OVERDUE,
            ZH,
            (
                "【已超时】260305-000131 超时 1 小时，已升级 ‖ "
                "已按规则升级至 望江市集团客户部。请办理，或在工单中说明原因。{url}"
            ),
        ),
        (
            OVERDUE,
            EN,
            (
                "[Overdue] 260305-000131 by 1 h, escalated ‖ Escalated to Wangjiang City group "
                "department by rule. Please act or explain in the order. {url}"
            ),
        ),
        (
            SENT_BACK,
            ZH,
            (
                "【已退回】260305-000131 核实未通过：合约号不符 ‖ "
                "陈涛 退回：合约号不符。新截止 3 月 6 日（周五）18:00。{url}"
            ),
        ),
        (
            SENT_BACK,
            EN,
            (
                "[Sent back] 260305-000131 not confirmed: 合约号不符 ‖ "
                "Sent back by 陈涛: 合约号不符. Now due Fri 6 Mar 18:00. {url}"
            ),
        ),
    ],
)
def test_a_mail_says_what_the_specification_says(
    notice: Notice, language: Language, expected: str
) -> None:
    assert said(notice, language) == expected


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", NoticeKind)
@pytest.mark.parametrize("order_type", OrderType)
def test_every_notice_has_words_in_both_languages(
    language: Language, kind: NoticeKind, order_type: OrderType
) -> None:
    for tier in Tier:
        for policy in Policy:
            notice = a_notice(kind, order_type=order_type, tier=tier, policy=policy)
            written = mail_text(notice, NAMES_ZH, language)
            assert notice.number in written.subject
            assert written.lead
            assert written.footer


def test_a_counters_order_does_not_claim_that_the_customer_agreed() -> None:
    counter = a_notice(order_type=OrderType.COUNTER_RETENTION)

    assert "同意" not in said(counter, ZH)
    assert "agreed" not in said(counter, EN)


@pytest.mark.parametrize(
    ("due_at", "zh", "en"),
    [
        (at(3, 7, 10), "明天 10:00 截止", "due tomorrow 10:00"),
        (at(3, 9, 10), "3 月 9 日（周一）10:00 截止", "due Mon 9 Mar 10:00"),
    ],
)
def test_a_deadline_of_another_day_names_it(due_at: datetime, zh: str, en: str) -> None:
    notice = DUE_SOON.model_copy(update={"due_at": due_at})

    assert zh in said(notice, ZH)
    assert en in said(notice, EN)


def test_at_the_deadline_itself_no_time_has_passed() -> None:
    notice = OVERDUE.model_copy(update={"working_seconds": 0, "escalation_level": 1})

    assert said(notice, ZH).startswith("【已超时】260305-000131 已升级 ‖ 已按规则升级至 李敏。")
    assert said(notice, EN).startswith("[Overdue] 260305-000131, escalated ‖ Escalated to Li Min")


FORGED = "wrong\r\nBcc: rival@example.com\r\n\r\n<script>alert(1)</script>\u2028\u202e end"


@pytest.mark.parametrize("language", Language)
def test_what_somebody_writes_forges_no_header_and_no_markup(language: Language) -> None:
    notice = SENT_BACK.model_copy(update={"reason": FORGED, "by": "x\nBcc: rival@example.com"})
    written = mail_text(notice, NAMES_ZH, language)

    read = message_from_bytes(_bytes(written, language), policy=default)

    assert read["Bcc"] is None
    assert "Bcc: rival@example.com" in str(read["Subject"])
    html = read.get_body(("html",))
    assert html is not None
    assert "<script>" not in html.get_content()
    assert "&lt;script&gt;" in html.get_content()


def _bytes(written: MailText, language: Language, recipient: str = "donghu@x.example") -> bytes:
    sent_at = datetime(2026, 3, 5, 6, 10, tzinfo=UTC)
    envelope = Envelope("holdfast@x.example", recipient, UUID(int=1), UUID(int=7), sent_at)
    return mail(envelope, written, language=language, url=URL)


@pytest.mark.parametrize(
    "address", ["a@b\r\nBcc: c@d", "a b@c.example", "a@b, c@d", "nobody", "<a@b>", ""]
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(NoAddress, match="organisation file"):
        _bytes(mail_text(a_notice(), NAMES_ZH, ZH), ZH, address)


def test_a_mail_says_that_a_machine_wrote_it_and_which_order_it_belongs_to() -> None:
    first = message_from_bytes(_bytes(mail_text(a_notice(), NAMES_ZH, ZH), ZH), policy=default)
    again = message_from_bytes(_bytes(mail_text(OVERDUE, NAMES_ZH, ZH), ZH), policy=default)

    assert first["Auto-Submitted"] == "auto-generated"
    assert first["Message-ID"] == f"<{UUID(int=1)}@x.example>"
    assert first["References"] == again["References"]
    plain = first.get_body(("plain",))
    assert plain is not None
    assert URL in plain.get_content()
    assert "直接回复此邮件不会更新工单" in plain.get_content()
    assert first["Content-Language"] == "zh-CN"
    assert not first.defects


@pytest.mark.parametrize("language", Language)
def test_a_mail_is_of_short_lines_of_ascii(language: Language) -> None:
    long = a_notice(NoticeKind.SENT_BACK, reason="合约号不符" * 100)

    whole = _bytes(mail_text(long, NAMES_ZH, language), language)

    assert whole.isascii()
    assert b"\n" not in whole.replace(b"\r\n", b"")
    assert max(map(len, whole.split(b"\r\n"))) < 200


def test_one_line_leaves_no_control_character() -> None:
    assert one_line("a\x00b\tc\u2029d\u200be") == "a b c d e"
