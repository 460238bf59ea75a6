// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import Foundation
import Testing

@Suite("docs/meter-quirks.md")
struct QuirkDocumentTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func document() throws -> String {
        try String(contentsOf: root.appending(path: "docs/meter-quirks.md"), encoding: .utf8)
    }

    /// The words between backquotes.
    private static func words(of text: String) -> [String] {
        text.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { !$0.offset.isMultiple(of: 2) }.map { String($0.element) }
    }

    @Test func `The table lists the options that there are with what they take and do`() throws {
        let rows = try Self.document().split(separator: "\n").filter { $0.hasPrefix("| `") }.map { line in
            line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        let listed = rows.filter { $0.count == 4 }
        #expect(listed.map { $0[0] } == Quirk.all.map { "`\($0.name)`" })
        for (row, quirk) in zip(listed, Quirk.all) {
            #expect(row[1] == quirk.form.allowed)
            #expect(row[3] == quirk.summary)
            let standard: String? =
                switch quirk.value(in: MeterBehaviour()) {
                case .bool(let flag)?: "\(flag)"
                case .integer(let number)?: "\(number)"
                case .text(let text)?: text
                case .decimal, nil: nil
                }
            if let standard { #expect(row[2] == standard, "\(quirk.name)") }
        }
    }

    @Test func `Every option is the answer to something that was observed`() throws {
        let sections = try Self.document().components(separatedBy: "\n## ").filter { !$0.hasPrefix("Options") }
        let mentioned = Set(sections.dropFirst().flatMap { Self.words(of: $0) })
        #expect(Quirk.all.map(\.name).filter { !mentioned.contains($0) } == [])
    }

    @Test func `Tests that are named exist`() throws {
        let files =
            FileManager.default.enumerator(atPath: Self.root.appending(path: "Tests").path)?
            .compactMap { $0 as? String } ?? []
        let known = Set(files.filter { $0.hasSuffix(".swift") }.map { $0.dropLast(6).split(separator: "/").last ?? "" })
        let named = Self.words(of: try Self.document()).filter { $0.hasSuffix("Tests") }
            .compactMap { $0.split(separator: "/").last }
        #expect(!named.isEmpty)
        #expect(named.filter { !known.contains($0) } == [])
    }

    @Test func `All 25 troubles have their row`() throws {
        let document = try Self.document()
        for number in 1...25 { #expect(document.contains("\n| \(number) | ")) }
    }
}
