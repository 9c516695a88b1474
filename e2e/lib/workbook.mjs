// Opens a workbook, changes single cells as a person in Excel would, and packs it again: just enough of the format
// (ECMA-376) for the tests, which must not depend on the reader that they test.

import { readFileSync } from "node:fs";
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";

const plain = (text) =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&apos;", "'").replaceAll("&#10;", "\n").replaceAll("&amp;", "&");
const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const attribute = (tag, name) => new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1];
/** All text runs of a fragment of rich or plain text. */
const runs = (xml) => [...xml.matchAll(/<t(?: [^>]*)?>([\s\S]*?)<\/t>/g)].map((run) => plain(run[1])).join("");

/** A workbook from a file: sheet names, cells by reference ("G7"), and a way to write text into a cell that exists. */
export class Workbook {
  constructor(path) {
    this.parts = unzipSync(readFileSync(path));
    const shared = this.text("xl/sharedStrings.xml") ?? "";
    this.strings = [...shared.matchAll(/<si>([\s\S]*?)<\/si>/g)].map((entry) => runs(entry[1]));
    const relations = new Map(
      [...this.text("xl/_rels/workbook.xml.rels").matchAll(/<Relationship [^>]*>/g)].map(([tag]) => [attribute(tag, "Id"), attribute(tag, "Target")]),
    );
    this.sheets = [...this.text("xl/workbook.xml").matchAll(/<sheet [^>]*>/g)].map(([tag]) => ({
      name: plain(attribute(tag, "name")),
      state: attribute(tag, "state") ?? "visible",
      part: `xl/${relations.get(attribute(tag, "r:id"))}`,
    }));
  }

  text(part) {
    return this.parts[part] && strFromU8(this.parts[part]);
  }

  sheet(name) {
    const found = this.sheets.find((sheet) => sheet.name === name);
    if (!found) throw new Error(`no sheet ${name}; there are ${this.sheets.map((sheet) => sheet.name).join(", ")}`);
    return found;
  }

  /** Cell texts of a sheet by reference. */
  cells(name) {
    const found = new Map();
    for (const [, tag, body = ""] of this.text(this.sheet(name).part).matchAll(/<c( [^>]*?)(?:\/>|>([\s\S]*?)<\/c>)/g)) {
      const value = /<v>([\s\S]*?)<\/v>/.exec(body)?.[1];
      const kind = attribute(tag, "t");
      const text = kind === "s" ? this.strings[Number(value)] : kind === "inlineStr" ? runs(body) : plain(value ?? "");
      found.set(attribute(tag, "r"), text);
    }
    return found;
  }

  /** The reference of the cell in the column headed `header` of the row whose column 番号 says `number`. */
  place(name, number, header) {
    const cells = [...this.cells(name)];
    const column = (title) => {
      const [reference] = cells.find(([, text]) => text === title) ?? [];
      if (!reference) throw new Error(`no column ${title} in ${name}`);
      return reference.replace(/\d+$/, "");
    };
    const numbers = column("番号");
    const [at] = cells.find(([reference, text]) => reference.startsWith(numbers) && /^\d+$/.test(reference.slice(numbers.length)) && text === number) ?? [];
    if (!at) throw new Error(`no row ${number} in ${name}`);
    return column(header) + at.slice(numbers.length);
  }

  write(name, reference, text) {
    const { part } = this.sheet(name);
    const cell = new RegExp(`<c (r="${reference}"[^>]*?)(?:/>|>[\\s\\S]*?</c>)`);
    const before = this.text(part);
    const after = before.replace(cell, (_, attributes) => {
      const kept = attributes.replace(/ t="[^"]*"/, "");
      return `<c ${kept} t="inlineStr"><is><t xml:space="preserve">${escaped(text)}</t></is></c>`;
    });
    if (after === before) throw new Error(`no cell ${reference} in ${name}`);
    this.parts[part] = strToU8(after);
  }

  bytes() {
    return Buffer.from(zipSync(this.parts, { level: 1 }));
  }
}
