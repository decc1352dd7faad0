import { Button, Form, Input } from "antd";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import { LanguageButton } from "./Header";

/** Shown wherever nobody is signed in and the server is not in demo mode, or a one-time password was used. */
export function SignInPage() {
  const t = useText();
  const notice = useApp((state) => state.notice);
  const mustChange = useApp((state) => arrived(state.session)?.must_change_password ?? false);
  return (
    <main className="page sign-in">
      <section className="panel" aria-label={t("seat.signIn")}>
        <header className="panel-head">
          <h1>{t("app.title")}</h1>
          <LanguageButton />
        </header>
        <p>{t(mustChange ? "seat.mustChange" : "seat.needed")}</p>
        {mustChange ? <NewPasswordForm /> : <EntryForm />}
        {notice !== null && (
          <p className="failed" role="alert">
            {notice}
          </p>
        )}
      </section>
    </main>
  );
}

function EntryForm() {
  const t = useText();
  const { controller } = useParts();
  return (
    <Form<{ login: string; password: string }>
      layout="vertical"
      onFinish={(entry) => void controller.signIn(entry.login, entry.password)}
    >
      <Form.Item name="login" label={t("seat.login")} rules={[{ required: true }]}>
        <Input autoComplete="username" />
      </Form.Item>
      <Form.Item name="password" label={t("seat.password")} rules={[{ required: true }]}>
        <Input.Password autoComplete="current-password" />
      </Form.Item>
      <Button type="primary" htmlType="submit" block>
        {t("seat.signIn")}
      </Button>
    </Form>
  );
}

function NewPasswordForm() {
  const t = useText();
  const { controller } = useParts();
  return (
    <Form<{ password: string; next: string }>
      layout="vertical"
      onFinish={(entry) => void controller.changePassword(entry.password, entry.next)}
    >
      <Form.Item name="password" label={t("seat.password")} rules={[{ required: true }]}>
        <Input.Password autoComplete="current-password" />
      </Form.Item>
      <Form.Item name="next" label={t("seat.newPassword")} rules={[{ required: true }]}>
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      <Button type="primary" htmlType="submit" block>
        {t("seat.save")}
      </Button>
    </Form>
  );
}
