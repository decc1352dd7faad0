import { Button } from "antd";
import type { DeclaredReply, Feeding, Link, PathReply, Question, SourcesReply } from "../api/planner";
import { useText } from "../i18n/hooks";
import { kindName, type TextKey, type Translate } from "../i18n/text";
import { zh } from "../i18n/zh";
import { useApp, useParts } from "../state/context";
import { readIds } from "../state/ids";
import { arrived } from "../state/remote";
import { readSandbox, type Sandbox, sandboxKey, withSource, withValve } from "../state/sandbox";
import { formatLength, formatNumber } from "../units";
import { PickList } from "./PickList";
import { useMarks, usePicks, useVisit } from "./planning";
import { RemoteNote } from "./RemoteNote";
import { Concerned, Line, RingFigures } from "./RingFigures";
import { marksOf, methodsOf, ringsOf, type TraceReply } from "./traceAnswer";
import { useAnswer } from "./useAnswer";
import { Versions } from "./Versions";

type Asked = Exclude<Question, "impact">;

/** The name of a list in an answer; what simply was found has the name of the question. */
function listName(t: Translate, name: string, question: Asked): string {
  const key = `list.${name === "found" ? question : name}`;
  return key in zh ? t(key as TextKey) : name.replaceAll("_", " ");
}

/** Downstream, upstream, connected, sources, supply area, way to another asset, declared against traced. */
export function TraceAnswer({ question }: { question: Asked }) {
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
  const found = key === null ? null : arrived(answer);
  useMarks(
    `${key} ${answer.state}`,
    () => (found === null ? null : marksOf(found, (name) => listName(t, name, question))),
    found === null ? null : `${question} ${selected} ${to ?? ""}`,
  );
  return (
    <>
      {question === "path" && <Target />}
      {!waiting && <RemoteNote remote={answer} />}
      {found !== null && <Reply answer={found} question={question} />}
    </>
  );
}

/** Where a way leads to: the last asset picked. */
function Target() {
  const t = useText();
  const picks = usePicks("target");
  const last = picks.ids.at(-1);
  const start = () => {
    picks.set([]);
    picks.start();
  };
  const one = { ...picks, ids: last === undefined ? [] : [last], start };
  return <PickList label={t("trace.target")} picks={one} hint={t("trace.pickTarget")} />;
}

function Reply({ answer, question }: { answer: TraceReply; question: Asked }) {
  const t = useText();
  return (
    <>
      {question === "path" && <Way answer={answer as unknown as PathReply} />}
      {question === "sources" && <Sources answer={answer as unknown as SourcesReply} />}
      {question === "declared" && <Chains answer={answer as unknown as DeclaredReply} />}
      {ringsOf(answer).map(({ name, ring }) => (
        <section key={name} className="ring" aria-label={listName(t, name, question)}>
          <h3>{listName(t, name, question)}</h3>
          {ring.asset_ids.length + ring.outside_scope === 0 ? (
            <p className="empty">{t("trace.nothing")}</p>
          ) : (
            <>
              <RingFigures ring={ring} />
              <Concerned ring={ring} />
            </>
          )}
        </section>
      ))}
      <Versions
        network={answer.network_version}
        valve={answer.valve_version}
        methods={methodsOf(answer)}
        findings={answer.findings ?? []}
      />
    </>
  );
}

function Way({ answer }: { answer: PathReply }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const { planning } = useParts();
  const open = () =>
    planning.suppose((now) => answer.closed_valves.reduce<Sandbox>((box, id) => withValve(box, id, "open"), now));
  return (
    <>
      {!answer.found && (
        <p className="short">
          {t("trace.noWay", { count: answer.closed_valves.length })}{" "}
          {answer.closed_valves.length > 0 && (
            <Button size="small" onClick={open}>
              {t("sandbox.open")}
            </Button>
          )}
        </p>
      )}
      <dl className="facts">
        <Line label={t("trace.length")} value={formatLength(answer.length_m, lang)} />
        <Line
          label={t("trace.passed")}
          value={t("trace.passedCounts", { pipes: answer.pipes.length, valves: answer.valves.length })}
        />
      </dl>
      <Names items={answer.substations} label={t("impact.substations")} />
    </>
  );
}

function Names({ items, label }: { items: readonly { asset_id: number; name: string }[]; label: string }) {
  const visit = useVisit();
  if (items.length === 0) return null;
  return (
    <ul className="chips" aria-label={label}>
      {items.map(({ asset_id, name }) => (
        <li key={asset_id}>
          <button type="button" onClick={() => visit(asset_id)}>
            {name || `#${asset_id}`}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** Sources that reach it now, and those that could. */
function Sources({ answer }: { answer: SourcesReply }) {
  const t = useText();
  return (["now", "could"] as const).map((name) => (
    <section key={name} className="ring" aria-label={t(`list.${name}`)}>
      <h3>
        {t(`list.${name}`)} <span className="count">{answer[name].length}</span>
      </h3>
      {answer[name].length === 0 && <p className="empty">{t("trace.noSource")}</p>}
      <ul className="rows">
        {answer[name].map((source) => (
          <SourceRow key={source.asset_id} source={source} could={name === "could"} />
        ))}
      </ul>
    </section>
  ));
}

function SourceRow({ source, could }: { source: Feeding; could: boolean }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const work = useApp((state) => state.view.work);
  const { planning } = useParts();
  const visit = useVisit();
  const id = source.asset_id;
  const sandbox = readSandbox(work);
  const toOpen = source.valves_to_open.length;
  const details = [
    kindName(lang, source.kind),
    t(source.running ? "trace.running" : "trace.standing"),
    formatLength(source.length_m, lang),
    toOpen === 0 ? "" : t("trace.toOpen", { count: formatNumber(toOpen, 0, lang) }),
  ].filter(Boolean);
  const help = () =>
    planning.suppose((now) => {
      const opened = source.valves_to_open.reduce<Sandbox>((box, valve) => withValve(box, valve, "open"), now);
      return source.running ? opened : withSource(opened, id, true);
    });
  const stop = () => planning.suppose((now) => withSource(now, id, sandbox.sources.has(id) ? null : false));
  return (
    <li className="row">
      <button type="button" className="row-main" onClick={() => visit(id)}>
        <span className="row-text">
          <strong>{source.name}</strong>
          <span className="row-detail">{details.join(" · ")}</span>
        </span>
      </button>
      <Button size="small" onClick={could ? help : stop}>
        {t(could ? "sandbox.connect" : "sandbox.stop")}
      </Button>
    </li>
  );
}

/** User, substation, source, branch, company: by the tables and by the drawing, differences marked. */
function Chains({ answer }: { answer: DeclaredReply }) {
  const t = useText();
  const differing = new Set(answer.differences.map(({ role }) => role));
  return (
    <>
      <p className={differing.size === 0 ? "enough" : "short"}>
        {differing.size === 0 ? t("declared.agrees") : t("declared.differs", { count: answer.differences.length })}
      </p>
      <div className="chains">
        {(["declared", "traced"] as const).map((name) => (
          <section key={name} className="ring" aria-label={t(`list.${name}`)}>
            <h3>{t(`list.${name}`)}</h3>
            <ol className="chain">
              {answer[name].map((link) => (
                <ChainLink key={`${link.role} ${link.asset_id}`} link={link} differs={differing.has(link.role)} />
              ))}
            </ol>
          </section>
        ))}
      </div>
    </>
  );
}

function ChainLink({ link, differs }: { link: Link; differs: boolean }) {
  const t = useText();
  const visit = useVisit();
  return (
    <li className={differs ? "short" : ""}>
      <small>{t(`role.link.${link.role}`)}</small>
      <button type="button" className="link" onClick={() => visit(link.asset_id)}>
        {link.name || `#${link.asset_id}`}
      </button>
    </li>
  );
}
