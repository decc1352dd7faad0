import { Button, Select } from "antd";
import { useText } from "../i18n/hooks";
import { navigate, type PagePath } from "../navigation";
import { Clock } from "../panels/Clock";
import { ModeSwitch } from "../panels/ModeSwitch";
import { SearchBox } from "../panels/SearchBox";
import { SeatBox } from "../panels/SeatBox";
import { useApp, useParts } from "../state/context";

type NavKey = "nav.supervisor" | "nav.planner" | "nav.globe" | "nav.wall" | "nav.mobile";

const PAGES: readonly [PagePath, NavKey][] = [
  ["/", "nav.supervisor"],
  ["/plan", "nav.planner"],
  ["/globe", "nav.globe"],
  ["/wall/overview", "nav.wall"],
  ["/m", "nav.mobile"],
];

/** Title, pages, search, 2D/3D/satellite, clock, language, seat. */
export function Header({ path }: { path: PagePath }) {
  const t = useText();
  const { desk } = useParts();
  return (
    <header className="top">
      <h1>{t("app.title")}</h1>
      <div className="tools">
        <nav aria-label={t("nav.pages")}>
          {PAGES.map(([to, key]) => (
            <a
              key={to}
              href={to}
              aria-current={to === path ? "page" : undefined}
              onClick={(event) => {
                event.preventDefault();
                // the work bench belongs to the planner's page; elsewhere it is opened on purpose
                if (to !== path && to !== "/plan") desk.open(null);
                navigate(to);
              }}
            >
              {t(key)}
            </a>
          ))}
        </nav>
        <SearchBox />
        <CityBox />
        {path !== "/globe" && <ModeSwitch />}
        <SeatBox />
      </div>
      <span className="spring" />
      <Clock />
      <LanguageButton />
    </header>
  );
}

/** Other language; also used by the pages without a header. */
export function LanguageButton() {
  const t = useText();
  const { store } = useParts();
  const lang = useApp((state) => state.view.lang);
  return (
    <Button
      className="language"
      aria-label={t("app.languageLabel")}
      onClick={() => store.dispatch({ type: "view/lang", lang: lang === "zh" ? "en" : "zh" })}
    >
      {t("app.language")}
    </Button>
  );
}

function CityBox() {
  const t = useText();
  const { controller } = useParts();
  const lang = useApp((state) => state.view.lang);
  const city = useApp((state) => state.view.city);
  const cities = useApp((state) => state.cities);
  if (cities.state !== "ready" || cities.value.length < 2) return null;
  const options = cities.value.map((one) => ({ value: one.city_id, label: lang === "zh" ? one.name_zh : one.name_en }));
  return (
    <Select
      className="city"
      aria-label={t("app.city")}
      value={city}
      options={options}
      onChange={(next: number | null) => next !== null && controller.changeCity(next)}
    />
  );
}
