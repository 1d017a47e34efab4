// Keeps the operators' pages up to date while they are looked at. They are whole without it: reloading does the same.
(() => {
    "use strict";

    const EVERY = 2000;
    const AFTER_A_FAILURE = 10000;
    const FORBIDDEN = 403;
    const KEPT = new Set(["open", "value", "checked"]); // what the reader did, not the server

    function sameKind(old, fresh) {
        return old.nodeType === fresh.nodeType && old.nodeName === fresh.nodeName
            && (old.nodeType !== Node.ELEMENT_NODE || old.id === fresh.id);
    }

    function takeAttributes(old, fresh) {
        const keeps = (name) => KEPT.has(name) && old.nodeName !== "PROGRESS";
        for (const { name } of [...old.attributes]) {
            if (!fresh.hasAttribute(name) && !keeps(name)) old.removeAttribute(name);
        }
        for (const { name, value } of [...fresh.attributes]) {
            if (old.getAttribute(name) !== value && !keeps(name)) old.setAttribute(name, value);
        }
    }

    // Changes what differs and leaves the rest, so that focus, open details and selected text stay.
    function become(old, fresh) {
        if (!sameKind(old, fresh)) {
            old.replaceWith(fresh);
        } else if (old.nodeType !== Node.ELEMENT_NODE) {
            if (old.data !== fresh.data) old.data = fresh.data;
        } else {
            takeAttributes(old, fresh);
            const before = [...old.childNodes];
            const after = [...fresh.childNodes];
            before.slice(after.length).forEach((node) => node.remove());
            after.forEach((node, at) => (at < before.length ? become(before[at], node) : old.append(node)));
        }
    }

    class Live {
        constructor(root) {
            this.root = root;
            this.every = 1000 * Number(root.dataset.fhEvery) || EVERY;
            this.said = document.querySelector("[data-fh-live-said]");
            this.button = document.querySelector("[data-fh-live-button]");
            this.failed = false;
            this.stopped = false;
        }

        start() {
            this.button.hidden = false;
            this.button.addEventListener("click", () => this.toggle());
            document.addEventListener("visibilitychange", () => { if (!document.hidden) this.plan(0); });
            this.plan(this.every);
        }

        toggle() {
            this.stopped = !this.stopped;
            this.button.setAttribute("aria-pressed", String(!this.stopped));
            this.say(this.stopped ? "stopped" : "");
            if (!this.stopped) this.plan(0);
        }

        plan(milliseconds) {
            clearTimeout(this.timer);
            this.timer = setTimeout(() => this.look(), milliseconds);
        }

        async look() {
            if (document.hidden || this.stopped) return;
            try {
                await this.update();
                this.failed = false;
            } catch {
                if (!this.failed) this.say("failed");
                this.failed = true;
            }
            if (!this.ended) this.plan(this.failed ? AFTER_A_FAILURE : this.every);
        }

        async update() {
            const answer = await fetch(this.root.dataset.fhLive, { signal: AbortSignal.timeout(AFTER_A_FAILURE) });
            if (answer.redirected || answer.status === FORBIDDEN) {
                this.ended = true;
                this.say(answer.redirected ? "signedOut" : "forbidden");
                return;
            }
            if (!answer.ok) throw new Error(answer.statusText);
            const page = new DOMParser().parseFromString(await answer.text(), "text/html");
            const fresh = page.querySelector("[data-fh-live]");
            document.dispatchEvent(new CustomEvent("fh:loaded", { detail: fresh }));
            if (!this.stopped) become(this.root, fresh);
            this.ended = !("fhLive" in this.root.dataset) || "fhEnded" in this.root.dataset;
            if (!this.stopped) this.say(this.ended ? "ended" : "");
        }

        say(what) {
            const key = what && `fhSay${what[0].toUpperCase()}${what.slice(1)}`;
            this.said.textContent = key ? this.said.dataset[key] : "";
            this.button.hidden = Boolean(this.ended);
        }
    }

    // Ticking the box in a list's head ticks them all.
    function offerAll() {
        for (const all of document.querySelectorAll("[data-fh-all]")) {
            all.hidden = false;
            const boxes = [...document.querySelectorAll(`[name="${all.dataset.fhAll}"]`)];
            all.addEventListener("change", () => { for (const box of boxes) box.checked = all.checked; });
            for (const box of boxes) {
                box.addEventListener("change", () => { all.checked = boxes.every((each) => each.checked); });
            }
        }
    }

    document.addEventListener("DOMContentLoaded", () => {
        const root = document.querySelector("[data-fh-live]");
        if (root && !("fhEnded" in root.dataset)) new Live(root).start();
        offerAll();
    });
})();
