import { ConfigProvider } from "antd";
import enUS from "antd/locale/en_US";
import zhCN from "antd/locale/zh_CN";
import { lazy, type ReactNode, Suspense, useEffect } from "react";
import { useText } from "./i18n/hooks";
import { usePath } from "./navigation";
import { SignInPage } from "./pages/SignInPage";
import { DrillBanner } from "./panels/DrillBanner";
import { NoticeCorner } from "./panels/NoticeCorner";
import { RemoteNote } from "./panels/RemoteNote";
import { routeOf } from "./router";
import { useApp } from "./state/context";
import { THEME } from "./theme";

const SupervisorPage = lazy(async () => ({ default: (await import("./pages/SupervisorPage")).SupervisorPage }));
const PlannerPage = lazy(async () => ({ default: (await import("./pages/PlannerPage")).PlannerPage }));
const WallPage = lazy(async () => ({ default: (await import("./pages/WallPage")).WallPage }));
const RolloutWallPage = lazy(async () => ({ default: (await import("./pages/RolloutWallPage")).RolloutWallPage }));
const GlobePage = lazy(async () => ({ default: (await import("./pages/GlobePage")).GlobePage }));
const MobilePage = lazy(async () => ({ default: (await import("./pages/MobilePage")).MobilePage }));

export function App() {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  useEffect(() => {
    document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
    document.title = `${t("app.title")} ${t("app.subtitle")}`;
  }, [lang, t]);
  return (
    <ConfigProvider locale={lang === "zh" ? zhCN : enUS} theme={THEME} button={{ autoInsertSpace: false }}>
      <Suspense fallback={<p className="empty">{t("app.loading")}</p>}>
        <Guard>
          <DrillBanner />
          <Page />
          <NoticeCorner />
        </Guard>
      </Suspense>
    </ConfigProvider>
  );
}

/** Nobody sees a page without a seat. */
function Guard({ children }: { children: ReactNode }) {
  const t = useText();
  const session = useApp((state) => state.session);
  const cities = useApp((state) => state.cities);
  if (session.state === "failed") return <RemoteNote remote={session} />;
  if (session.state !== "ready") return <p className="empty">{t("app.loading")}</p>;
  if (session.value.seat === null) return session.value.demo_mode ? <RemoteNote remote={session} /> : <SignInPage />;
  if (session.value.must_change_password) return <SignInPage />;
  if (cities.state === "failed") return <RemoteNote remote={cities} />;
  if (cities.state === "ready" && cities.value.length === 0) return <p className="empty">{t("app.noCity")}</p>;
  return children;
}

function Page() {
  const t = useText();
  const route = routeOf(usePath());
  switch (route.page) {
    case "supervisor":
      return <SupervisorPage />;
    case "planner":
      return <PlannerPage />;
    case "wall":
      return route.name === "rollout" ? <RolloutWallPage /> : <WallPage />;
    case "mobile":
      return <MobilePage />;
    case "globe":
      return <GlobePage />;
    default:
      return (
        <p className="empty">
          {t("app.notFound", { path: route.path })} <a href="/">{t("app.home")}</a>
        </p>
      );
  }
}
