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
        const said = root.querySelector("[data-fh-copied]") ?? {};
        for (const button of root.querySelectorAll("[data-fh-copy], [data-fh-copy-link]")) {
            button.hidden = false;
            button.addEventListener("click", async () => {
                await copy(button.dataset.fhCopy ?? location.href);
                const icon = button.querySelector(".material-symbols-outlined") ?? {};
                const { textContent: before } = icon;
                icon.textContent = "check";
                said.textContent = said.dataset?.fhCopied;
                setTimeout(() => { icon.textContent = before; said.textContent = ""; }, 1500);
            });
        }
    }

    const inZone = (at) => {
        const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-");
        return `${day}T${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":")}`;
    };

    // Times are picked in the reader's zone and sent in UTC; one that is left as it was, exactly as it came.
    function asUtc(field) {
        if (!("fhInstant" in field.dataset) || field.type !== "datetime-local") return field.value;
        if (field.value === field.dataset.fhShown) return field.dataset.fhUtc;
        return new Date(field.value).toISOString();
    }

    function sendUtc(root) {
        for (const field of root.querySelectorAll("[data-fh-utc]")) {
            field.value = inZone(new Date(field.dataset.fhUtc));
            field.dataset.fhShown = field.value;
        }
        for (const form of root.querySelectorAll("[data-fh-query]")) {
            // A time of which only the day was filled in has no value: it would be left out as if nothing had been asked.
            form.addEventListener("submit", (event) => {
                const half = [...form.elements].find((field) => field.validity?.badInput);
                if (!half) return;
                event.preventDefault();
                half.reportValidity();
            });
            // What is empty is left out: the address is a permalink.
            form.addEventListener("formdata", ({ formData }) => {
                for (const field of form.querySelectorAll("[name]")) {
                    formData.delete(field.name);
                    if (field.value) formData.append(field.name, asUtc(field));
                }
            });
        }
    }

    function offerPrint(root) {
        for (const button of root.querySelectorAll("[data-fh-print]")) {
            button.hidden = false;
            button.addEventListener("click", () => print());
        }
    }

    // The shell's palette asks for the focus 20 ms after it was opened; a busy browser shows it later, and then no key would reach it.
    function focusPalette() {
        const box = document.getElementById("search-input-command");
        const palette = box?.closest("[x-show]");
        if (!palette) return;
        const shown = new MutationObserver(() => {
            if (palette.style.display !== "none") box.focus();
        });
        shown.observe(palette, { attributes: true, attributeFilter: ["style"] });
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
        sendUtc(document);
        offerPrint(document);
        focusPalette();
    });
    document.addEventListener("fh:loaded", (event) => showLocalTimes(event.detail));
    document.addEventListener("keydown", openFirstResult, { capture: true });
})();
