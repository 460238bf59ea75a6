// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Testing

@testable import GatewayAPI

@Suite("Lean text")
struct LeanTextTests {
    private static func script(_ text: String) -> String {
        String(decoding: LeanText.of(Array(text.utf8), type: "text/javascript; charset=utf-8"), as: UTF8.self)
    }

    private static func style(_ text: String) -> String {
        String(decoding: LeanText.of(Array(text.utf8), type: "text/css; charset=utf-8"), as: UTF8.self)
    }

    @Test(
        "Comments, indentation and blanks beside signs go",
        arguments: [
            ("// one\nconst a = 1; // two\n", "const a=1;\n"),
            ("/* one */ let b /* two */ = [ 1, 2 ]\n", "let b=[1,2]\n"),
            ("if (a) {\n  return b;\n}\n", "if(a){return b;}\n"),
            ("f(\n  [a,\n  b\n]\n)", "f([a,b])"),
            // A division is no expression.
            ("a / b; c / d", "a / b;c / d"),
            ("export async function f({ a, b }) {\n}", "export async function f({a,b}){}"),
        ]
    )
    func lessToRead(_ text: String, _ lean: String) {
        #expect(Self.script(text) == lean)
    }

    @Test(
        "What means something stays",
        arguments: [
            // The end of a line may end a statement.
            "a\nb()\n", "a=b\n++c\n", "}\n(c)\n",
            // Signs that would become another sign, and words.
            "a+ +b", "a- -b", "return x", "typeof x", "for(const a of b)c",
            // Strings, templates and expressions are not code.
            "' // a  b '", "\"/* a */  \"", "'it\\'s  // a'", "`a  ${b}  // c`", "`a ${`b  ${c}  `}  d`",
            "x=/ a  [/]  b/g;", "f(/'  /)", "return/ \\/  /",
        ]
    )
    func meaning(_ text: String) {
        #expect(Self.script(text) == text)
    }

    @Test("Code in a template literal is code again, also with braces of its own")
    func codeInTemplates() {
        #expect(Self.script("`a  ${ f({ b: 1 }) }  c` + { d: 2 }") == "`a  ${f({b:1})}  c`+{d:2}")
    }

    @Test("A style sheet keeps what tells selectors and sums apart")
    func styles() {
        #expect(
            Self.style("/* one */\n.a .b, .c > d {\n  color: var(--e);\n  width: calc(1px + 2px);\n}\n")
                == ".a .b,.c>d{color:var(--e);width:calc(1px + 2px);}\n"
        )
        #expect(
            Self.style("a :hover {}\n@media (min-width: 1px) and (hover) {}")
                == "a :hover{}@media (min-width:1px) and (hover){}"
        )
        #expect(Self.style("i {content: \"a  ; b\"}") == "i{content:\"a  ; b\"}")
    }

    @Test("A file that is neither stays as it is")
    func others() {
        let page = Array("<p>  a  // b\n".utf8)
        #expect(LeanText.of(page, type: "text/html; charset=utf-8") == page)
    }

    @Test(
        "A text that is cut anywhere is still read to its end",
        arguments: ["a /* b", "a // b", "'a", "`a ${b", "x = /a[", "`a\\", "'\\"]
    )
    func cut(_ text: String) {
        #expect(!Self.script(text).isEmpty)
    }
}
