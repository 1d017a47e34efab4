// The keyboard: a key does what the element that names it does, `data-key="c"`. None fires in a field, with a modifier,
// or while a dialog is open. Listens before the shell does, which has keys of its own.
(() => {
    "use strict";

    const FIELDS = "input, textarea, select, [contenteditable]";
    const shown = (element) => element.getClientRects().length > 0;

    function isForUs(event) {
        if (event.defaultPrevented || event.isComposing || event.target.closest?.(FIELDS)) return false;
        if (document.querySelector("dialog[open]")) return false;
        // AltGr only reaches a character that has no key of its own: "[" on many keyboards.
        return event.getModifierState("AltGraph") || !(event.ctrlKey || event.metaKey || event.altKey);
    }

    function focusSearch() {
        const search = document.querySelector("[data-fh-search]");
        search?.focus();
        search?.select();
        return Boolean(search);
    }

    // Rows take the focus, so that Enter opens them as it opens anything that has it.
    function moveInRows(step) {
        const rows = [...document.querySelectorAll("[data-fh-row]")].filter(shown);
        if (!rows.length) return false;
        const at = rows.findIndex((row) => row.contains(document.activeElement));
        const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + step, 0), rows.length - 1);
        rows[next].focus();
        rows[next].scrollIntoView({ block: "nearest" });
        return true;
    }

    function showHelp() {
        const help = document.getElementById("fh-keys");
        help?.showModal();
        return Boolean(help);
    }

    function press(key) {
        const named = [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].find(shown);
        named?.click();
        return Boolean(named);
    }

    const OURS = { "/": focusSearch, "?": showHelp, j: () => moveInRows(1), k: () => moveInRows(-1) };

    function act(event) {
        if (event.key.length !== 1 || !isForUs(event)) return;
        const done = OURS[event.key]?.() || press(event.key);
        if (!done) return;
        event.preventDefault();
        event.stopImmediatePropagation();
    }

    window.addEventListener("keydown", act, { capture: true });
    document.addEventListener("click", (event) => {
        if (event.target.closest("[data-fh-keys]")) showHelp();
    });
})();
