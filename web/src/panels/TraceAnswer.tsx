import type { Question } from "../api/planner";
import { useText } from "../i18n/hooks";
import type { TextKey, Translate } from "../i18n/text";
import { zh } from "../i18n/zh";
import { useApp, useParts } from "../state/context";
import { readIds } from "../state/ids";
import { arrived } from "../state/remote";
import { sandboxKey } from "../state/sandbox";
import { formatLength } from "../units";
import { PickList } from "./PickList";
import { useMarks, usePicks, useVisit } from "./planning";
import { RemoteNote } from "./RemoteNote";
import { Concerned, Line, RingFigures } from "./RingFigures";
import { marksOf, methodsOf, ringsOf, type TraceReply } from "./traceAnswer";
import { useAnswer } from "./useAnswer";
import { Versions } from "./Versions";

/** The name of a list in an answer. */
function listName(t: Translate, name: string): string {
  const key = `list.${name}`;
  return key in zh ? t(key as TextKey) : name.replaceAll("_", " ");
}

/** Downstream, upstream, connected, sources, supply area, way to another asset, declared against traced. */
export function TraceAnswer({ question }: { question: Exclude<Question, "impact"> }) {
  const t = useText();
  const { planning } = useParts();
  const selected = useApp((state) => state.view.selected);
  const supposed = useApp((state) => sandboxKey(state.view));
  const target = useApp((state) => state.view.work.target);
  const [to] = readIds(target);
  const waiting = question === "path" && to === undefined;
  const key = selected === null || waiting ? null : `trace ${question} ${selected} ${to ?? ""} ${supposed}`;
  const answer = useAnswer(key, () =>
    planning.trace<TraceReply>({
      question,
      asset_ids: [selected ?? 0],
      geometry: true,
      ...(question === "path" && to !== undefined ? { to } : {}),
    }),
  );
  const found = arrived(answer);
  useMarks(
    `${key} ${answer.state}`,
    () => (found === null ? null : marksOf(found, (name) => listName(t, name))),
    found === null ? null : key,
  );
  return (
    <>
      {question === "path" && <Target />}
      {!waiting && <RemoteNote remote={answer} />}
      {found !== null && <Reply answer={found} />}
    </>
  );
}

/** Where a way leads to: the last asset picked. */
function Target() {
  const t = useText();
  const { planning } = useParts();
  const picks = usePicks("target");
  const last = picks.ids.at(-1);
  const one = {
    ...picks,
    ids: last === undefined ? [] : [last],
    set: () => picks.set([]),
    start: () => {
      picks.set([]);
      planning.pick("target", null);
    },
  };
  return <PickList label={t("trace.target")} picks={one} hint={t("trace.pickTarget")} />;
}

function Reply({ answer }: { answer: TraceReply }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const rings = ringsOf(answer);
  const length = typeof answer.length_m === "number" ? answer.length_m : null;
  return (
    <>
      {length !== null && (
        <dl className="facts">
          <Line label={t("trace.length")} value={formatLength(length, lang)} />
        </dl>
      )}
      <NamedRows answer={answer} />
      {rings.map(({ name, ring }) => (
        <section key={name} className="ring" aria-label={listName(t, name)}>
          <h3>{listName(t, name)}</h3>
          <RingFigures ring={ring} />
          <Concerned ring={ring} />
        </section>
      ))}
      <Versions
        network={answer.network_version}
        valve={answer.valve_version}
        methods={methodsOf(answer)}
        findings={(answer.findings as never[] | undefined) ?? []}
      />
    </>
  );
}

/** Sources and other things that an answer names one by one. */
function NamedRows({ answer }: { answer: TraceReply }) {
  const t = useText();
  const visit = useVisit();
  const lists = Object.entries(answer).filter(
    ([name, value]) =>
      name !== "findings" &&
      Array.isArray(value) &&
      value.length > 0 &&
      typeof value[0] === "object" &&
      value[0] !== null &&
      "asset_id" in value[0],
  ) as [string, { asset_id: number; name?: string; code?: string; position?: number[] | null }[]][];
  return lists.map(([name, items]) => (
    <section key={name} className="ring" aria-label={listName(t, name)}>
      <h3>
        {listName(t, name)} <span className="count">{items.length}</span>
      </h3>
      <ul className="chips">
        {items.map((item) => (
          <li key={item.asset_id}>
            <button type="button" onClick={() => visit(item.asset_id, item.position)}>
              {item.name || item.code || `#${item.asset_id}`}
            </button>
          </li>
        ))}
      </ul>
    </section>
  ));
}
