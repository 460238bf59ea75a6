// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import Foundation
import HTTPKit
import Testing

@testable import GatewayAPI

@Suite("Contract")
struct ContractTests {
    /// The lines of openapi.yaml that name paths and methods; the file is indented by two spaces a level.
    private func operations(_ yaml: String) -> [String: String] {
        var found: [String: String] = [:]
        var isInPaths = false
        var path = ""
        var method = ""
        for line in yaml.split(separator: "\n", omittingEmptySubsequences: true) {
            if !line.hasPrefix(" ") { isInPaths = line == "paths:" }
            guard isInPaths else { continue }
            if line.hasPrefix("  /") {
                path = String(line.dropFirst(2).dropLast())
            } else if line.hasPrefix("    "), !line.hasPrefix("     ") {
                method = String(line.dropFirst(4).dropLast())
            } else if line.hasPrefix("      operationId: ") {
                found["\(method.uppercased()) \(path)"] = String(line.dropFirst(19))
            }
        }
        return found
    }

    @Test("Routes and contract list the same operations")
    func sameOperations() async throws {
        try await APIBench.run { bench in
            let contract = operations(String(decoding: Contract.openAPI, as: UTF8.self))
            let routes = Dictionary(
                bench.api.routeTable.routes.map { ("\($0.method.rawValue) \($0.pattern.text)", $0.name) },
                uniquingKeysWith: { first, _ in first }
            )
            #expect(routes == contract)
        }
    }

    @Test("The contract names the types of events that there are, and tells of each")
    func eventTypes() {
        let contract = String(decoding: Contract.openAPI, as: UTF8.self)
        for types in [EventType.all, EventType.all.filter(\.isKept)] {
            #expect(contract.contains("enum: [\(types.map(\.text).joined(separator: ", "))]"))
        }
        for type in EventType.all {
            let row = contract.split(separator: "\n").first {
                $0.hasPrefix("        | `") && $0.contains("`\(type.text)`")
            }
            #expect(row != nil, "\(type.text)")
        }
    }

    @Test("The contract in the binary is the one of the repository")
    func sameContract() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = try Data(contentsOf: root.appending(path: "openapi.yaml"))
        #expect(Contract.openAPI == Array(file))
    }

    @Test("Every problem has a page, and the pages of the repository are these")
    func problemPages() throws {
        #expect(Set(ProblemPage.all.map(\.name)) == Set(ProblemKind.all.map(\.name)))
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/problems")
        for page in ProblemPage.all {
            let file = folder.appending(path: page.name + ".md")
            if ProcessInfo.processInfo.environment["UPDATE_PAGES"] != nil {
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                try Data(page.markdown.utf8).write(to: file)
            }
            #expect((try? Data(contentsOf: file)) == Data(page.markdown.utf8), "docs/problems/\(page.name).md")
        }
    }
}
