// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import Synchronization
import Testing

/// Stands until it is told otherwise.
private final class Standing: StandingAnswer {
    let stands = Atomic(true)

    func repeated(at now: ContinuousClock.Instant) -> HTTPResponse? {
        stands.load(ordering: .relaxed) ? .text("again") : nil
    }
}

private struct Handler: HTTPResponder {
    var response = HTTPResponse.text("made")
    let standing = Standing()

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        var response = response
        response.standing = standing
        response.route = "/things/{id}"
        return response
    }
}

private func get(_ target: String = "/things/1?a=b", body: [UInt8] = []) -> HTTPRequest {
    HTTPRequest(method: .get, rawTarget: target, body: body)
}

@Suite struct StandingAnswerTests {
    @Test func isAtHandForTheSameTargetWhileItStands() async throws {
        let records = Mutex<[AccessRecord]>([])
        let handler = Handler()
        let edge = HTTPEdge(handler) { record in records.withLock { $0.append(record) } }
        #expect(edge.answerAtHand(for: get()) == nil)
        _ = await edge.respond(to: get())
        let request = get()
        let again = try #require(edge.answerAtHand(for: request))
        #expect(try await again.collectedBody() == Array("again".utf8))
        #expect(again.headers["X-Request-Id"] == request.id)
        #expect(records.withLock { $0.map(\.route) } == ["/things/{id}", "/things/{id}"])
        #expect(edge.answerAtHand(for: get("/things/1?a=c")) == nil)
        #expect(edge.answerAtHand(for: get("/things/1")) == nil)
        #expect(edge.answerAtHand(for: get(body: [0x20])) == nil)
        handler.standing.stands.store(false, ordering: .relaxed)
        #expect(edge.answerAtHand(for: get()) == nil)
        #expect(records.withLock { $0.count } == 2)
    }

    @Test func isNotKeptForOtherMethods() async {
        let edge = HTTPEdge(Handler())
        for method in [HTTPMethod.head, .post, .put, .delete, .options] {
            let request = HTTPRequest(method: method, rawTarget: "/things/1")
            _ = await edge.respond(to: request)
            #expect(edge.answerAtHand(for: request) == nil)
        }
        #expect(edge.answerAtHand(for: get("/things/1")) == nil)
    }

    @Test(arguments: [
        HTTPResponse(status: 304), HTTPResponse(Problem("x", status: 503, title: "x", detail: "x")),
        .octets([UInt8](repeating: 0x20, count: 5000), type: "text/plain"), .stream(type: "text/plain") { _ in },
    ])
    func isNotKeptUnlessSmallAndWhole(response: HTTPResponse) async {
        let edge = HTTPEdge(Handler(response: response))
        _ = await edge.respond(to: get())
        #expect(edge.answerAtHand(for: get()) == nil)
    }

    @Test func makesRoomForOthers() async {
        let edge = HTTPEdge(Handler())
        let targets = (0..<20_000).map { "/things/\($0)" }
        for target in targets {
            _ = await edge.respond(to: get(target))
            // What is asked for all the time stays.
            #expect(edge.answerAtHand(for: get(targets[0])) != nil)
        }
        #expect(edge.answerAtHand(for: get("/things/19999")) != nil)
        #expect(targets.count { edge.answerAtHand(for: get($0)) != nil } <= 8192)
    }
}
