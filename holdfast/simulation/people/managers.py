"""Telephone managers: the next task, a call, its result; sixty calls a day (CC-05, CC-11)."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

from holdfast.simulation.gateway import Json
from holdfast.simulation.people.person import Person
from holdfast.simulation.temper import Answer
from shared.working_calendar import ZONE

CALLS_A_DAY = 60
TALK_MINUTES = (3.0, 8.0)
NOBODY_MINUTES = 1.0
CALL_BACK_AFTER = timedelta(hours=1)
COUNTER = "counter"

# CC-11, by weight: of calls that nobody answered, and of those that were answered.
NOBODY = {"2": 0.7, "4": 0.15, "5": 0.15}
REFUSALS = {"3": 0.7, "1": 0.15, "6": 0.05, "7": 0.10}
QUESTIONNAIRE = 3
ORDER_TYPES = {"3g_to_contract": 0.5, "2g_to_3g": 0.3, "broadband": 0.2}
OFFERS = {"handset-2026": 0.6, "bill-credit-100": 0.4}
# What a renewal is no answer to: points that clear, and orders that exist already.
CARE = frozenset({"clearing_reminder", "order_follow_up"})


@dataclass
class Manager:
    """One manager and the calls of the present day."""

    person: Person
    calls: Counter[date] = field(default_factory=Counter[date])

    async def work(self) -> None:
        await self.person.work(self.once)

    async def once(self) -> bool:
        """One task, if there is one and the day's calls are not used up."""
        today = self.person.now().astimezone(ZONE).date()
        if self.calls[today] >= CALLS_A_DAY:
            return False
        found = await self.person.act("/callcenter/v1/tasks/next")
        if not found.done or not found.body:
            return False
        task: Json = found.body
        path = f"/callcenter/v1/tasks/{task['task_id']}"
        if not (await self.person.act(f"{path}/accept")).done:
            return True
        self.calls[today] += 1
        answer = self.answer_of(task)
        await self.person.pause(timedelta(minutes=self._minutes(task, answer)))
        reply = await self.person.act(f"{path}/result", self.result(task, answer))
        if not reply.done and answer is Answer.CALL_BACK:
            await self.person.act(f"{path}/result", self.result(task, Answer.REFUSES))
        return True

    def answer_of(self, task: Json) -> Answer:
        """Who stands at a counter is there; whom a call-back was promised is waiting for it."""
        temper, customer = self.person.temper, str(task["customer_id"])
        attempt = int(task["attempts"]) + (2 if task["call_back_at"] else 1)
        answer = temper.answer(customer, attempt)
        if task["kind"] == COUNTER and answer in (Answer.NOBODY, Answer.CALL_BACK):
            return Answer.REFUSES
        return answer

    def _minutes(self, task: Json, answer: Answer) -> float:
        if answer is Answer.NOBODY:
            return NOBODY_MINUTES
        about = f"{task['task_id']}/{task['attempts']}"
        return self.person.temper.minutes(about, *TALK_MINUTES)

    def result(self, task: Json, answer: Answer) -> Json:
        about = f"{task['task_id']}/{task['attempts']}"
        pick = self.person.temper.pick
        match answer:
            case Answer.NOBODY:
                return {"disposition": int(pick(about, NOBODY)), "result": None}
            case Answer.CALL_BACK:
                at = self.person.now() + CALL_BACK_AFTER
                return {
                    "disposition": QUESTIONNAIRE,
                    "result": "call_back",
                    "call_back_at": at.isoformat(),
                }
            case Answer.REFUSES:
                return {"disposition": int(pick(about, REFUSALS)), "result": "refused"}
            case Answer.AGREES if _is_care(task):
                return {"disposition": QUESTIONNAIRE, "result": None}
            case _:
                return {
                    "disposition": QUESTIONNAIRE,
                    "result": "agreed",
                    "order_type": pick(f"type/{about}", ORDER_TYPES),
                    "offer": pick(f"offer/{about}", OFFERS),
                }


def _is_care(task: Json) -> bool:
    """A counter case has its own order; points and orders are no renewal."""
    return task["kind"] == COUNTER or task["reason"] in CARE
