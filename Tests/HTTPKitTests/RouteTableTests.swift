// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Dispatch
import HTTPKit
import JSONText
import Testing

private struct Unforeseen: Error {}

/// A thread that serves connections.
private final class OneThread: TaskExecutor {
    private let queue = DispatchQueue(label: "loop")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

private let table = RouteTable(
    [
        Route(.get, "/", name: "root") { _ in .text("root") },
        Route(.get, "/meters", name: "listMeters", query: ["limit", "label"]) { request in
            .text("list \(try request.query.integer("limit", in: 1...1000) ?? 100) \(request.query.all("label"))")
        },
        Route(.post, "/meters", name: "createMeter", consumes: ["application/json"], maximumBodyOctets: 40) { request in
            let id = try request.members { members in try members.requiredString("id") }
            return HTTPResponse.text("made \(id)", status: 201)
        },
        Route(.get, "/meters/{id}", name: "getMeter") { .text("meter \($0.parameter("id"))") },
        Route(.delete, "/meters/{id}", name: "deleteMeter") { _ in .empty() },
        Route(.get, "/meters/{id}/push-setups/{obis}", name: "getPushSetup") { _ in .empty() },
        Route(.get, "/meters/status", name: "status") { _ in .text("status") },
        Route(.get, "/meters/{meter}/objects/{obis}/attributes/{n}", name: "readAttribute") { request in
            let index = try request.parameter("n", as: Int8.self, expected: "an attribute index")
            return .text("\(request.parameter("meter"))|\(request.parameter("obis"))|\(index)|\(request.route.name)")
        },
        Route(.get, "/rows", name: "rows", produces: ["application/json", "text/csv"]) { .text($0.mediaType) },
        Route(.get, "/console/{path*}", name: "console") { .text("file \($0.parameter("path"))") },
        Route(.get, "/problem", name: "problem") { _ in
            throw Problem(
                "meter-timeout",
                status: 504,
                title: "No answer",
                detail: "The meter is silent.",
                retryable: true
            )
        },
        Route(.get, "/fault", name: "fault") { _ in throw Unforeseen() },
    ])

private func respond(
    _ method: HTTPMethod,
    _ target: String,
    headers: [String: String] = [:],
    body: String = ""
) async -> HTTPResponse {
    let fields = headers.map { HTTPHeaders.Field(name: $0.key, value: $0.value) }
    let request = HTTPRequest(
        method: method,
        rawTarget: target,
        headers: HTTPHeaders(fields),
        body: Array(body.utf8)
    )
    return await table.respond(to: request)
}

private func text(
    _ method: HTTPMethod,
    _ target: String,
    headers: [String: String] = [:],
    body: String = ""
) async throws
    -> String
{
    String(decoding: try await respond(method, target, headers: headers, body: body).collectedBody(), as: UTF8.self)
}

@Suite struct RouteTableTests {
    @Test func findsTheRowAndItsParameters() async throws {
        #expect(try await text(.get, "/") == "root")
        #expect(try await text(.get, "/meters/M-1") == "meter M-1")
        #expect(
            try await text(.get, "/meters/M/objects/1-0%3A1.8.0*255/attributes/2") == "M|1-0:1.8.0*255|2|readAttribute"
        )
        #expect(await respond(.get, "/meters/M-1").route == "/meters/{id}")
    }

    @Test func literalsGoBeforeParameters() async throws {
        #expect(try await text(.get, "/meters/status") == "status")
        #expect(try await text(.get, "/meters/stat") == "meter stat")
        // The literal branch ends here, so the parameter's is taken.
        #expect(try await text(.get, "/meters/status/objects/x/attributes/1") == "status|x|1|readAttribute")
    }

    @Test func anEscapedSlashStaysInItsSegment() async throws {
        #expect(try await text(.get, "/meters/a%2Fb%2fc") == "meter a/b/c")
        #expect(try await text(.get, "/console/js/app.js") == "file js/app.js")
        #expect(try await text(.get, "/console/") == "file ")
    }

    @Test func takesAbsoluteTargets() async throws {
        #expect(try await text(.get, "http://gateway:8080/meters/M-1?") == "meter M-1")
        #expect(try await text(.get, "HTTP://gateway") == "root")
    }

    @Test func unknownPathsGetTheNearestOne() async {
        let misspelt = await respond(.get, "/meter/M-1/objects/1.0.1.8.0.255/attribute/2")
        #expect(misspelt.status == 404)
        #expect(misspelt.problem?.name == "path-unknown")
        #expect(misspelt.problem?.members["suggestion"] == "/meters/M-1/objects/1.0.1.8.0.255/attributes/2")
        #expect(await respond(.get, "/meters/").problem?.members["suggestion"] == "/meters")
        #expect(await respond(.get, "/nothing/like/it").problem?.hint?.contains("/openapi.yaml") == true)
        let list = await respond(.get, "/meters/M-1/push-setups")
        #expect(list.problem?.hint == "There is no list here; a single one is at /meters/M-1/push-setups/{obis}.")
        #expect(list.problem?.members["suggestion"] == nil)
    }

    @Test func unknownMethodsGetAllow() async {
        let response = await respond(.patch, "/meters/M-1")
        #expect(response.status == 405)
        #expect(response.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS")
        #expect(response.route == "/meters/{id}")
        #expect(await respond(HTTPMethod(rawValue: "BREW"), "/meters").headers["Allow"] == "GET, HEAD, OPTIONS, POST")
    }

    @Test func answersHeadAndOptions() async {
        #expect(await respond(.head, "/meters/M-1").status == 200)
        let options = await respond(.options, "/meters")
        #expect(options.status == 204)
        #expect(options.headers["Allow"] == "GET, HEAD, OPTIONS, POST")
        #expect(await respond(.options, "*").headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, POST")
        #expect(await respond(.head, "/nowhere").status == 404)
    }

    @Test func refusesUnknownQueryParameters() async throws {
        #expect(try await text(.get, "/meters?label=a%3Db&limit=5&label=c") == #"list 5 ["a=b", "c"]"#)
        let problem = try #require(await respond(.get, "/meters?limt=5").problem)
        #expect(problem.status == 400)
        #expect(problem.name == "unknown-field")
        #expect(problem.members["suggestion"] == "limit")
        #expect(await respond(.get, "/meters/M-1?x").problem?.name == "unknown-field")
    }

    @Test func refusesUnusableParameters() async {
        for target in [
            "/meters?limit=0", "/meters?limit=x", "/meters?limit=1&limit=2", "/meters/M/objects/o/attributes/two",
        ] {
            let problem = await respond(.get, target).problem
            #expect(problem?.status == 400)
            #expect(problem?.name == "bad-parameter")
        }
    }

    @Test(arguments: ["/%", "/%2", "/%zz", "/a?x=%G0", "/%FF", "/%00", "/a b", "meters", ""])
    func refusesMalformedTargets(target: String) async {
        let response = await respond(.get, target)
        #expect(response.status == 400)
        #expect(response.problem?.name == "bad-target")
    }

    @Test func checksTheBodyByItsRow() async throws {
        let json = ["Content-Type": "Application/JSON; charset=utf-8"]
        #expect(try await text(.post, "/meters", headers: json, body: #"{"id":"M-1"}"#) == "made M-1")

        let untyped = await respond(.post, "/meters", body: "{}")
        #expect(untyped.status == 415)
        #expect(untyped.headers["Accept"] == "application/json")
        #expect(await respond(.post, "/meters", headers: ["Content-Type": "text/xml"], body: "{}").status == 415)

        let long = #"{"id":"\#(String(repeating: "x", count: 40))"}"#
        #expect(await respond(.post, "/meters", headers: json, body: long).status == 413)

        let malformed = try #require(await respond(.post, "/meters", headers: json, body: "{\n\"id\" 1}").problem)
        #expect(malformed.name == "malformed-json")
        #expect(malformed.members["line"] == 2)
        #expect(malformed.members["column"] == 6)

        let unknown = try #require(
            await respond(.post, "/meters", headers: json, body: #"{"id":"M","Id_":1}"#).problem
        )
        #expect(unknown.name == "unknown-field")
        #expect(unknown.members["pointer"] == "/Id_")
        #expect(unknown.members["suggestion"] == "id")

        #expect(await respond(.post, "/meters", headers: json, body: "{}").problem?.name == "bad-parameter")
        #expect(await respond(.post, "/meters", headers: json).problem?.name == "malformed-json")
    }

    @Test func choosesTheMediaType() async throws {
        #expect(try await text(.get, "/rows") == "application/json")
        #expect(try await text(.get, "/rows", headers: ["Accept": "text/csv"]) == "text/csv")
        #expect(try await text(.get, "/rows", headers: ["Accept": "text/*, application/json;q=0.5"]) == "text/csv")
        let refused = await respond(.get, "/rows", headers: ["Accept": "image/png"])
        #expect(refused.status == 406)
        #expect(refused.problem?.members["supported"] == ["application/json", "text/csv"])
    }

    @Test func failuresBecomeProblems() async {
        #expect(await respond(.get, "/problem").problem?.name == "meter-timeout")
        #expect(await respond(.get, "/fault").problem == .internalFault)
        let mapped = RouteTable([Route(.get, "/", name: "x") { _ in throw Unforeseen() }]) { error in
            Problem("mapped", status: 502, title: "Mapped", detail: "\(type(of: error))")
        }
        let response = await mapped.respond(to: HTTPRequest(method: .get, rawTarget: "/"))
        #expect(response.problem?.detail == "Unforeseen")
    }

    @Test func longBodiesAreHandledElsewhereThanOnTheThreadThatBroughtThem() async throws {
        let loop = OneThread()
        let table = RouteTable([
            Route(.post, "/", name: "x", maximumBodyOctets: 1 << 20) { _ in
                let executor = withUnsafeCurrentTask { $0?.unownedTaskExecutor }
                return .text(executor == loop.asUnownedTaskExecutor() ? "here" : "elsewhere")
            }
        ])
        for (octets, place) in [(256 << 10, "here"), ((256 << 10) + 1, "elsewhere")] {
            let request = HTTPRequest(method: .post, rawTarget: "/", body: [UInt8](repeating: 0x20, count: octets))
            let answer = await withTaskExecutorPreference(loop) { await table.respond(to: request) }
            #expect(String(decoding: try await answer.collectedBody(), as: UTF8.self) == place, "\(octets)")
        }
    }

    @Test func aBasePathStandsBeforeEveryRow() async {
        let based = RouteTable(basePath: "/gateway/", [Route(.get, "/meters", name: "x") { _ in .text("ok") }])
        #expect(await based.respond(to: HTTPRequest(method: .get, rawTarget: "/gateway/meters")).status == 200)
        #expect(await based.respond(to: HTTPRequest(method: .get, rawTarget: "/meters")).status == 404)
    }
}
