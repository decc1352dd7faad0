import type { ReactNode } from "react";

interface PanelProps {
  title: string;
  extra?: ReactNode;
  children: ReactNode;
  className?: string;
}

/** A titled box over the map. */
export function Panel({ title, extra, children, className = "" }: PanelProps) {
  return (
    <section className={`panel ${className}`} aria-label={title}>
      <header className="panel-head">
        <h2>{title}</h2>
        {extra}
      </header>
      <div className="panel-body">{children}</div>
    </section>
  );
}
