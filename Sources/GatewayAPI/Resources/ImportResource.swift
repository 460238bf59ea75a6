// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import HTTPKit
import JSONText

/// Many meters or channels in one request.
extension GatewayAPI {
    @Sendable func importMeters(_ request: RoutedRequest) async throws -> HTTPResponse {
        let terms = try Self.importTerms(request)
        return try Self.report(try await gateway.importMeters(try Self.lines(request), as: terms), terms)
    }

    @Sendable func importChannels(_ request: RoutedRequest) async throws -> HTTPResponse {
        let terms = try Self.importTerms(request)
        return try Self.report(try await gateway.importChannels(try Self.lines(request), as: terms), terms)
    }

    private enum ImportMode: String, CaseIterable {
        case each
        case allOrNothing = "all-or-nothing"
    }

    private enum Answer: String, CaseIterable {
        case yes = "true"
        case no = "false"
    }

    private static func importTerms(_ request: RoutedRequest) throws -> ImportTerms {
        ImportTerms(
            onConflict: try request.query.choice("onConflict") ?? .fail,
            isWhole: try request.query.choice("mode", of: ImportMode.self) == .allOrNothing,
            isDryRun: try request.query.choice("dryRun", of: Answer.self) == .yes
        )
    }

    private static func lines(_ request: RoutedRequest) throws -> [ImportLine] {
        let isCSV = request.headers["Content-Type"].map { MediaType.essence(of: $0) == "text/csv" } ?? false
        let lines =
            isCSV ? try ImportSheet.lines(ofCSV: request.body) : ImportSheet.lines(ofNDJSON: request.body)
        guard !lines.isEmpty else { throw Problem.unfitParameter("body", expected: "at least one record") }
        return lines
    }

    /// - Throws: ``HTTPKit/Problem`` when no line names a record: then it was no sheet.
    private static func report(_ lines: [ImportedLine], _ terms: ImportTerms) throws(Problem) -> HTTPResponse {
        guard lines.contains(where: { $0.id != nil }) else {
            throw .unfitParameter("body", expected: "records of which each has an id")
        }
        func count(_ outcome: ImportOutcome) -> Int { lines.count { $0.result == .success(outcome) } }
        let failed = lines.count { (try? $0.result.get()) == nil }
        return HTTPResponse.json(reservingCapacity: 60 * (lines.count + 10)) { writer in
            writer.beginObject()
            writer.member("stored", !terms.isDryRun && !(terms.isWhole && failed > 0))
            writer.member("dryRun", terms.isDryRun)
            writer.member("total", lines.count)
            writer.member("created", count(.created))
            writer.member("replaced", count(.replaced))
            writer.member("skipped", count(.skipped))
            writer.member("failed", failed)
            writer.name("items")
            writer.beginArray()
            for line in lines { write(line, into: &writer) }
            writer.endArray()
            writer.endObject()
        }
        .with("Cache-Control", "no-store")
    }

    private static func write(_ line: ImportedLine, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("line", line.number)
        writer.member("id", line.id)
        switch line.result {
        case .success(let outcome): writer.member("result", outcome.word)
        case .failure(let error):
            writer.member("result", "failed")
            writer.name("problem")
            Problem(error).write(into: &writer)
        }
        writer.endObject()
    }
}

extension ImportOutcome {
    /// The outcome in a word.
    fileprivate var word: String {
        switch self {
        case .created: "created"
        case .replaced: "replaced"
        case .skipped: "skipped"
        case .exists, .referenceUnknown: "failed"
        }
    }
}
