"""What builds the site: the pages' blocks import it, and MkDocs calls `hooks`.

- The build: `hooks` has MkDocs' events, `keeping` keeps what takes long to make, such as
  what slow blocks have `printed`.
- Pages that are generated: `catalogue` of the mistakes, with what `catching` found and the lines that `mistaken` has,
  `listings` of functions and laws,
  `exercises` at the end of a chapter, `worksheets` for paper, `llms` for programs that read.
- Pictures: `charts` are drawn by Matplotlib, and `figures` puts them into a page; `drawings` are written by hand;
  `palette` has the colors of both.
- What moves: `elements`, of `markup`, with the `questions` that they ask; `hands_on` has those of single
  chapters, such as the `racing` of two models and of a third, in `transforming`; `recognizing` says what a number is,
  of what is `known` of the names.
- The home page: models that are `looking_back` further and further, ten `slips` to find, and `getting` the project.
- What is done for real and then shown: `experiments`, of which `trainings` tells, a `walkthrough` of the exercises, and
  a `lecture`'s notebook that is checked.
- `card` is the picture that a link to the site shows elsewhere.
"""
