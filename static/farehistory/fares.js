// What the fare pages do in the browser. They are whole without it: times stay in the server's zone, nothing copies.
(() => {
    "use strict";

    const two = (number) => String(number).padStart(2, "0");

    function showLocalTimes(root) {
        const lang = document.documentElement.lang;
        // Day before month: plain "en" would be read as American.
        const format = new Intl.DateTimeFormat(lang === "en" ? "en-GB" : lang, {
            day: "numeric", month: "short", year: "numeric",
        });
        for (const time of root.querySelectorAll("[data-fh-time]")) {
            const at = new Date(time.dateTime);
            const clock = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
            time.textContent = `${format.format(at)}, ${clock}`;
        }
        const name = Intl.DateTimeFormat().resolvedOptions().timeZone;
        const isUtc = ["UTC", "Etc/UTC"].includes(name);
        for (const zone of root.querySelectorAll("[data-fh-zone]")) {
            zone.textContent = isUtc ? "UTC" : name;
        }
        for (const hint of root.querySelectorAll("[data-fh-zone-hint]")) {
            hint.hidden = isUtc;
        }
    }

    // The clipboard belongs to secure contexts; a selection works on plain http too.
    async function copy(text) {
        if (navigator.clipboard) {
            await navigator.clipboard.writeText(text);
            return;
        }
        const field = Object.assign(document.createElement("textarea"), { value: text });
        document.body.append(field);
        field.select();
        document.execCommand("copy");
        field.remove();
    }

    function offerCopies(root) {
        const said = root.querySelector("[data-fh-copied]");
        for (const button of root.querySelectorAll("[data-fh-copy], [data-fh-copy-link]")) {
            button.hidden = false;
            button.addEventListener("click", async () => {
                await copy(button.dataset.fhCopy ?? location.href);
                const icon = button.querySelector(".material-symbols-outlined");
                const before = icon.textContent;
                icon.textContent = "check";
                said.textContent = said.dataset.fhCopied;
                setTimeout(() => { icon.textContent = before; said.textContent = ""; }, 1500);
            });
        }
    }

    function focusSearch(event) {
        const search = document.querySelector("[data-fh-search]");
        const typing = event.target.closest("input, textarea, select, [contenteditable]");
        if (event.key !== "/" || !search || typing || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        search.focus();
        search.select();
    }

    // The shell's palette knows what to open only after an arrow key; Enter alone means its first result.
    function openFirstResult(event) {
        if (event.key !== "Enter" || event.target.id !== "search-input-command") return;
        if (document.querySelector("#command-results-list .active")) return;
        event.preventDefault();
        event.stopImmediatePropagation();
        const first = document.querySelector("#command-results-list a");
        if (first) location.assign(first.href);
    }

    document.addEventListener("DOMContentLoaded", () => {
        showLocalTimes(document);
        offerCopies(document);
    });
    document.addEventListener("fh:loaded", (event) => showLocalTimes(event.detail));
    document.addEventListener("keydown", focusSearch);
    document.addEventListener("keydown", openFirstResult, { capture: true });
})();
