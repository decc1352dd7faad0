import { Button, Form, Input } from "antd";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { LanguageButton } from "./Header";

interface Entry {
  login: string;
  password: string;
}

/** Shown wherever nobody is signed in and the server is not in demo mode. */
export function SignInPage() {
  const t = useText();
  const { controller } = useParts();
  const notice = useApp((state) => state.notice);
  return (
    <main className="page sign-in">
      <section className="panel" aria-label={t("seat.signIn")}>
        <header className="panel-head">
          <h1>{t("app.title")}</h1>
          <LanguageButton />
        </header>
        <p>{t("seat.needed")}</p>
        <Form<Entry> layout="vertical" onFinish={(entry) => void controller.signIn(entry.login, entry.password)}>
          <Form.Item name="login" label={t("seat.login")} rules={[{ required: true }]}>
            <Input autoComplete="username" />
          </Form.Item>
          <Form.Item name="password" label={t("seat.password")} rules={[{ required: true }]}>
            <Input.Password autoComplete="current-password" />
          </Form.Item>
          {notice !== null && (
            <p className="failed" role="alert">
              {notice}
            </p>
          )}
          <Button type="primary" htmlType="submit" block>
            {t("seat.signIn")}
          </Button>
        </Form>
      </section>
    </main>
  );
}
