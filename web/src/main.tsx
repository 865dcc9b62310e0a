import { render } from "preact";
import { App, answered, startTitle } from "./app";
import { startClock } from "./state/clock";
import { startKeys } from "./state/keys";
import { startRouter } from "./state/router";
import { startStore } from "./state/store";
import "./style/base.css";
import "./style/part.css";
import "./style/page.css";

startStore();
startRouter();
startClock();
startTitle();
startKeys(() => answered.peek());
render(<App />, document.getElementById("app") as HTMLElement);
