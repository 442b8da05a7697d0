"""When dead letters mean that not the records are broken but we: the worker stops with 78."""

from collections import Counter, defaultdict, deque

IN_A_ROW_MAX = 20  # messages; a wrong deployment fails everything, a bad record fails alone
WINDOW = 1000  # messages
IN_WINDOW_MAX = 10  # of the last WINDOW, once that many were read (1 %)


class DeadLetterLimit:
    """Counts per topic within one worker; an Arrow message counts once, however many rows."""

    def __init__(self) -> None:
        self._in_a_row: Counter[str] = Counter()
        self._window: dict[str, deque[bool]] = defaultdict(deque)
        # Kept, not counted anew: a window's sum for every message costs more than the message.
        self._in_window: Counter[str] = Counter()

    def handled(self, topic: str, messages: int) -> str | None:
        """Count messages none of which is dead; there may be very many of them."""
        if self._in_window[topic] == 0 and len(self._window[topic]) == WINDOW:
            return None  # a window without dead letters stays one
        reasons = [self.record(topic, dead=False) for _ in range(min(messages, WINDOW))]
        return next(filter(None, reasons), None)

    def record(self, topic: str, *, dead: bool) -> str | None:
        """Count one message; the reason to stop, or None."""
        self._in_a_row[topic] = self._in_a_row[topic] + 1 if dead else 0
        window = self._window[topic]
        window.append(dead)
        if dead:
            self._in_window[topic] += 1
        if len(window) > WINDOW and window.popleft():
            self._in_window[topic] -= 1
        if self._in_a_row[topic] >= IN_A_ROW_MAX:
            return (
                f"{IN_A_ROW_MAX} messages of {topic} in a row became dead letters. Look at "
                "`holdfast deadletters list`, mend the cause, then `holdfast restart`."
            )
        if len(window) == WINDOW and self._in_window[topic] > IN_WINDOW_MAX:
            return (
                f"{self._in_window[topic]} of the last {WINDOW} messages of {topic} became "
                f"dead letters (limit {IN_WINDOW_MAX}). Look at `holdfast deadletters list`, "
                "mend the cause, then `holdfast restart`."
            )
        return None
