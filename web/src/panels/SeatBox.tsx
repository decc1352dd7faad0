import { Button, Select } from "antd";
import type { Seat } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { type TextKey, translate } from "../i18n/text";
import { zh } from "../i18n/zh";
import { useApp, useParts } from "../state/context";

function roleName(lang: "zh" | "en", seat: Seat): string {
  const key = `role.${seat.role}`;
  return lang === "en" && key in zh ? translate(lang, key as TextKey) : seat.role_zh;
}

/** Who is asking: a switcher in demo mode, the name and a way out elsewhere. */
export function SeatBox() {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const session = useApp((state) => state.session);
  const seats = useApp((state) => state.seats);
  const { controller } = useParts();
  if (session.state !== "ready" || session.value.seat === null) return null;
  const seat = session.value.seat;
  const label = (one: Seat) => `${one.person} · ${one.organisation} · ${roleName(lang, one)}`;
  if (!session.value.demo_mode) {
    return (
      <span className="seat">
        {label(seat)} <Button onClick={() => void controller.signOut()}>{t("seat.signOut")}</Button>
      </span>
    );
  }
  const options = (seats.state === "ready" ? seats.value : [seat]).map((one) => ({
    value: one.seat_id,
    label: label(one),
  }));
  return (
    <Select
      className="seat"
      aria-label={t("seat.label")}
      value={seat.seat_id}
      options={options}
      popupMatchSelectWidth={false}
      onChange={(seatId) => void controller.takeSeat(seatId)}
    />
  );
}
