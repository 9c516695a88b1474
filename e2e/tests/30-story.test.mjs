// The main job as a new user walks it: one server, one database, real people one after the other. Each step leaves what the
// next one needs, and a picture of every page that it visits.

import test from "node:test";
import { openBrowser } from "../lib/browser.mjs";
import { start } from "../lib/server.mjs";
import * as answers from "../story/answers.mjs";
import * as departments from "../story/departments.mjs";
import * as papers from "../story/papers.mjs";
import * as people from "../story/people.mjs";
import * as standards from "../story/standards.mjs";

test("the main job, end to end", async (t) => {
  const server = await start(t, "demo");
  const { page } = await openBrowser(t);
  const story = { server, page };

  await t.test("the demonstration prints its address, its logins and their password", () => people.readPrinted(story));
  await t.test("the security officer signs in and sees what to do", () => people.officerSignsIn(story));
  await t.test("the five documents are loaded after a look at what was read", () => standards.load(story));
  await t.test("an item shows its level, its text and where it stands", () => standards.browse(story));
  await t.test("search finds two-letter words and other spellings, and marks the hits", () => standards.search(story));
  await t.test("the profile decides what binds, and says why", () => standards.profile(story));
  await t.test("a new assessment starts with the rows that bind", () => answers.begin(story));
  await t.test("rows are answered from the keyboard and saved as they are written", () => answers.keyboard(story));
  await t.test("two people in one row overwrite nothing", () => answers.twoPeople(story));
  await t.test("a chapter is answered without scripts", () => answers.withoutScripts(story));
  await t.test("a department is asked for its part by a deadline", () => departments.ask(story));
  await t.test("the department answers on a phone and returns its part", () => departments.answer(story));
  await t.test("the officer sees it on the board", () => departments.board(story));
  await t.test("a workbook goes out, is filled in, compared cell by cell and taken over", () => papers.workbook(story));
  await t.test("the gap report: on screen, as PDF and as a workbook", () => papers.report(story));
  await t.test("the pages in English", () => people.english(story));
  await t.test("an auditor reads and cannot write", () => people.auditor(story));
  await t.test("an administrator adds a person, who signs in", () => people.administrator(story));
  await t.test("pages come out well on paper", () => papers.printouts(story));
  await t.test("signed out is signed out", () => people.signsOut(story));
});
