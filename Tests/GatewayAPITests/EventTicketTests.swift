// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import JSONText
import Synchronization
import Testing

@testable import GatewayAPI

@Suite("Tickets for streams of events")
struct EventTicketTests {
    private func ticket(_ keys: KeyBench, _ key: String?) async throws -> String {
        let answer = try await keys.send(.post, "/events/tickets", key)
        #expect(answer.status == 201)
        #expect(answer.headers["Cache-Control"] == "no-store")
        return try #require(answer.json["ticket"]?.string)
    }

    @Test func `A ticket stands for its owner once, where events are followed, and nowhere else`() async throws {
        try await APIBench.run { bench in
            let keys = KeyBench(bench)
            let key = try await keys.key("dashboard", roles: [.admin])
            let text = try await ticket(keys, key)
            for target in ["/meters?ticket=", "/whoami?ticket=", "/meters/M1?ticket=", "/events?cursor="] {
                #expect(try await keys.get(target + text, nil).status == 401, "\(target)")
            }
            #expect(try await keys.get("/events?ticket=\(text)", nil).status == 200)
            let again = try await keys.get("/events?ticket=\(text)", nil)
            #expect(again.status == 401)
            #expect(again.problem == "token-invalid")
            #expect(!again.text.contains(text))
            // It allows no more than to follow, whoever its owner is.
            let other = try await ticket(keys, key)
            #expect(try await keys.get("/meters/M1/events?ticket=\(other)", nil).status == 403)
        }
    }

    @Test func `A ticket opens a stream, and the stream of a job`() async throws {
        try await APIBench.run { bench in
            let keys = KeyBench(bench)
            let key = try await keys.key("watcher", [.jobsRead, .jobsWrite, .readingsLive])
            let job = try await keys.send(
                .post,
                "/jobs",
                key,
                #"{"kind":"read","target":{"meters":["M1"]},"items":[{"object":"1.0.1.8.0.255","attribute":2}]}"#
            )
            let place = try #require(job.headers["Location"])
            func status(_ target: String) async throws -> Int {
                let text = try await ticket(keys, key)
                let request = keys.request(
                    .get,
                    target + text,
                    nil,
                    headers: ["Accept": "text/event-stream"]
                )
                return await keys.responder.respond(to: request).status
            }
            #expect(try await status("\(place)/events?ticket=") == 200)
            // The owner may not see the events of the fleet, so the ticket does not show them.
            #expect(try await status("/events?ticket=") == 403)
        }
    }

    @Test func `A ticket ends after half a minute, and with the key it was given for`() async throws {
        try await APIBench.run { bench in
            let keys = KeyBench(bench)
            let key = try await keys.key("short", [.eventsRead])
            let late = try await ticket(keys, key)
            bench.clock.advance(by: .seconds(30))
            #expect(try await keys.get("/events?ticket=\(late)", nil).status == 401)
            let admin = try await keys.key("admin", roles: [.admin])
            let orphan = try await ticket(keys, key)
            let id = try #require(try await keys.get("/whoami", key).json["keyId"]?.string)
            #expect(try await keys.send(.delete, "/api-keys/\(id)", admin).status == 200)
            #expect(try await keys.get("/events?ticket=\(orphan)", nil).status == 401)
        }
    }

    @Test func `What is no ticket is told so, and a key beside a ticket counts`() async throws {
        try await APIBench.run { bench in
            let keys = KeyBench(bench)
            let key = try await keys.key("dashboard", [.eventsRead])
            let malformed = try await keys.get("/events?ticket=x", key)
            #expect(malformed.status == 400)
            #expect(malformed.json["parameter"] == "ticket")
            let text = try await ticket(keys, key)
            #expect(try await keys.get("/events?ticket=\(text)", key).status == 200)
            #expect(try await keys.get("/events?ticket=\(text)", nil).status == 200)
            // Nobody finds it in a link either.
            let page = try await keys.get("/events?limit=1&ticket=\(try await ticket(keys, key))", nil)
            #expect(page.json["next"]?.string?.contains("ticket") != true)
        }
    }

    @Test func `Where nobody needs credentials a page that asks for tickets works as well`() async throws {
        try await APIBench.run { bench in
            let made = try await bench.send(.post, "/events/tickets")
            let text = try #require(made.json["ticket"]?.string)
            #expect(try await bench.get("/events?ticket=\(text)").status == 200)
        }
    }
}
