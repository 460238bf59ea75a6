// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import HTTPKit
import JSONText
import Logging
import MeterTransport
import Synchronization
import Testing
import Timekeeping

@testable import GatewayAPI

@Suite("Event streams")
struct EventStreamTests {
    /// One event of a stream.
    private struct Block {
        var id = ""
        var type = ""
        var data = ""

        /// The whole blocks of a text that may be cut anywhere; the last id counts also of blocks without data.
        static func blocks(_ text: String, lastID: inout String) -> [Block] {
            var blocks: [Block] = []
            for piece in text.split(separator: "\n\n", omittingEmptySubsequences: false).dropLast() {
                var block = Block()
                for line in piece.split(separator: "\n") {
                    if line.hasPrefix("id: ") { block.id = String(line.dropFirst(4)) }
                    if line.hasPrefix("event: ") { block.type = String(line.dropFirst(7)) }
                    if line.hasPrefix("data: ") { block.data = String(line.dropFirst(6)) }
                }
                if !block.id.isEmpty { lastID = block.id }
                if !block.data.isEmpty { blocks.append(block) }
            }
            return blocks
        }
    }

    /// Takes a stream up to so many octets, then is gone.
    private final class CutBody: HTTPBodyWriter {
        private let octets = Mutex<[UInt8]>([])
        private let most: Int

        init(after most: Int) {
            self.most = most
        }

        var text: String { String(decoding: octets.withLock { $0 }, as: UTF8.self) }

        func write(_ piece: [UInt8]) async throws(HTTPStreamClosed) {
            let isFull = octets.withLock { octets in
                octets += piece.prefix(most - octets.count)
                return octets.count == most
            }
            if isFull { throw HTTPStreamClosed() }
        }
    }

    private func stream(_ bench: APIBench, _ target: String, after id: String, cutAfter octets: Int) async -> String {
        let request = HTTPRequest(
            method: .get,
            rawTarget: target,
            headers: HTTPHeaders([
                .init(name: "Accept", value: "text/event-stream"), .init(name: "Last-Event-ID", value: id),
            ])
        )
        let response = await bench.responder.respond(to: request)
        #expect(response.status == 200)
        #expect(response.headers["Content-Type"] == "text/event-stream")
        let body = CutBody(after: octets)
        if case .stream(let stream) = response.body { try? await stream.produce(body) }
        return body.text
    }

    @Test("Who is cut anywhere and comes back sees each event exactly once, in order")
    func resumption() async throws {
        try await APIBench.run { bench in
            let feed = bench.gateway.events
            let count = 400
            var lastID = feed.follow().position.text
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in 0..<4 {
                    group.addTask {
                        for number in 0..<(count / 4) {
                            var data = JSONObject()
                            data["number"] = .integer(lane * count / 4 + number)
                            // Some are kept first and told then, others are announced: the order of telling counts.
                            let draft = EventFeed.Draft(lane == 0 ? .jobFinished : .jobProgress, data: data)
                            if lane == 1 { try await feed.publish([draft]) } else { feed.announce([draft]) }
                        }
                    }
                }
                var seen: [Int64] = []
                var ids: [String] = []
                var random = SystemRandomNumberGenerator()
                while seen.count < count {
                    let octets = Int.random(in: 60...6000, using: &random)
                    let target = "/events?limit=\(count - seen.count)"
                    let text = await stream(bench, target, after: lastID, cutAfter: octets)
                    for block in Block.blocks(text, lastID: &lastID) {
                        let value = try JSONReader.parse(Array(block.data.utf8))
                        #expect(value["type"]?.string == block.type)
                        seen.append(try #require(value["data"]?["number"]?.number?.exactInt64))
                        ids.append(block.id)
                    }
                }
                #expect(seen.sorted() == (0..<Int64(count)).map { $0 })
                #expect(ids == ids.sorted())
                try await group.waitForAll()
            }
            #expect(bench.gateway.streamSeats.takenCount == 0)
        }
    }

    @Test("A stream shows only what was asked for")
    func filter() async throws {
        try await APIBench.run { bench in
            let feed = bench.gateway.events
            let id = feed.follow().position.text
            feed.announce([
                EventFeed.Draft(.meterEvent, meter: MeterID("M2")), EventFeed.Draft(.meterAlarm, meter: MeterID("M1")),
                EventFeed.Draft(.meterEvent, meter: MeterID("M1")),
            ])
            let target = "/events?meter=M1&type=meter.event&since=\(id)&limit=1"
            let answer = try await bench.get(target, headers: ["Accept": "text/event-stream"])
            #expect(answer.headers["Cache-Control"] == "no-store")
            #expect(answer.text.hasPrefix("retry: 3000\nid: \(id)\n\n"))
            var last = ""
            let blocks = Block.blocks(answer.text, lastID: &last)
            #expect(blocks.map(\.type) == ["meter.event"])
            #expect(blocks.first?.data.contains(#""meter":"M1""#) == true)
        }
    }

    @Test("Who comes back too late is told of the gap, and goes on behind it")
    func gap() async throws {
        try await APIBench.run { bench in
            let feed = EventFeed(store: bench.store, clock: bench.clock, journal: 4)
            let start = feed.follow().position
            let slow = feed.follow()
            feed.tell(feed.events(of: (0..<21).map { _ in EventFeed.Draft(.jobFinished) }))
            for following in [feed.follow(after: start), slow] {
                guard case .gap(let after, let upTo) = await following.next() else {
                    Issue.record("no gap")
                    continue
                }
                #expect(after == start)
                guard case .events(let rest) = await following.next() else {
                    Issue.record("nothing behind the gap")
                    continue
                }
                #expect((4...8).contains(rest.count))
                #expect(rest.allSatisfy { $0.position > upTo })
            }
            feed.endFollowing()
            #expect(await slow.next() == nil)
            #expect(await feed.follow().next() == nil)
        }
    }

    @Test("The gap in a stream says where what was kept is listed")
    func gapInStream() async throws {
        try await APIBench.run { bench in
            bench.gateway.events.announce([EventFeed.Draft(.jobFinished)])
            let old = "01000000-0000-7000-8000-000000000000"
            let answer = try await bench.get(
                "/events?limit=1&since=\(old)",
                headers: ["Accept": "text/event-stream"]
            )
            var last = ""
            let blocks = Block.blocks(answer.text, lastID: &last)
            #expect(blocks.map(\.type) == ["gap", "job.finished"])
            // From a little before, as what other gateways kept has its names from before it was told.
            let begin = EventID.least(at: try #require(EventID(old)).timestamp - .seconds(10))
            #expect(blocks.first?.data.contains("/events?since=\(begin.text)") == true)
        }
    }

    @Test("Words that a stream cannot follow are refused")
    func refusals() async throws {
        try await APIBench.run { bench in
            let accept = ["Accept": "text/event-stream"]
            for query in ["since=2026-11-22T00:00:00Z", "cursor=7", "limit=0", "type=Alarm"] {
                let refused = try await bench.get("/events?\(query)", headers: accept)
                #expect(refused.problem == "bad-parameter", "\(query)")
            }
            let foreign = ["Accept": "text/event-stream", "Last-Event-ID": "7"]
            #expect(try await bench.get("/events", headers: foreign).problem == "bad-parameter")
            #expect(try await bench.get("/jobs/7/events", headers: accept).problem == "job-unknown")
        }
    }

    @Test("Without a free place there is no stream; a place is free again when its stream is let go of")
    func seats() async throws {
        try await APIBench.run { bench in
            let seats = bench.gateway.streamSeats
            var taken = (0..<seats.count).map { _ in try? seats.take(for: nil) }
            #expect(taken.allSatisfy { $0 != nil })
            let refused = try await bench.get("/events", headers: ["Accept": "text/event-stream"])
            #expect(refused.status == 503)
            #expect(refused.problem == "streams-full")
            #expect(refused.headers["Retry-After"] != nil)
            taken = []
            #expect(seats.takenCount == 0)
            // Nobody takes the body of this answer.
            let request = HTTPRequest(
                method: .get,
                rawTarget: "/events",
                headers: HTTPHeaders([.init(name: "Accept", value: "text/event-stream")])
            )
            #expect(await bench.responder.respond(to: request).status == 200)
            #expect(seats.takenCount == 0)
        }
    }

    @Test("One caller has a quarter of the places, and gives each back")
    func seatsOfOne() throws {
        let seats = StreamSeats(9)
        var taken = try (0..<2).map { _ in try seats.take(for: "key:a") }
        #expect(throws: StreamSeats.Refusal.fullForCaller) { try seats.take(for: "key:a") }
        taken.append(try seats.take(for: "key:b"))
        #expect(seats.takenCount == 3)
        taken.removeFirst()
        taken.append(try seats.take(for: "key:a"))
        taken = []
        #expect(seats.takenCount == 0)
    }

    @Test(
        "An event stream and a trace end when the key of their caller is revoked or ends",
        .timeLimit(.minutes(5)),
        arguments: ["/events", "/meters/M1/trace"],
        [true, false]
    )
    func endOfKey(target: String, isRevoked: Bool) async throws {
        try await APIBench.run { bench in
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            var settings = GatewayAPI.Settings(requiresCredentials: true)
            settings.streamPulse = .milliseconds(10)
            let api = GatewayAPI(gateway: bench.gateway, settings: settings, logger: logger)
            let end = bench.clock.now() + .seconds(60)
            let made = try await bench.gateway.makeAPIKey(
                named: "follower",
                APIKeyGrant(roles: ["operator"]),
                expiresAt: end,
                by: "test"
            )
            let fields = HTTPHeaders([
                .init(name: "Accept", value: "text/event-stream"),
                .init(name: "Authorization", value: "Bearer \(made.text.exposedText)"),
            ])
            let request = HTTPRequest(method: .get, rawTarget: target, headers: fields)
            guard case .stream(let stream) = await api.makeResponder().respond(to: request).body else {
                Issue.record("there is no stream")
                return
            }
            #expect(bench.gateway.streamSeats.takenCount == 1)
            let body = CutBody(after: .max)
            async let following: Void = stream.produce(body)
            if isRevoked {
                _ = try await bench.gateway.revokeAPIKey(made.record.id)
            } else {
                bench.clock.advance(by: .seconds(60))
            }
            // It ends by itself: the body goes on taking all there is.
            try await following
            #expect(body.text.contains("no-longer-allowed") == (target != "/events"))
        }
    }

    /// What becomes of the rights of a caller who follows a stream.
    enum Loss: CaseIterable {
        case endOfToken, fewerRights, narrowerLabels, nameTakenOut
    }

    @Test(
        "An event stream and a trace end with the token of their caller, and when the owner of a certificate may less",
        .timeLimit(.minutes(5)),
        arguments: ["/events", "/meters/M1/trace"],
        Loss.allCases
    )
    func endOfRights(target: String, loss: Loss) async throws {
        try await APIBench.run { bench in
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            var settings = GatewayAPI.Settings(requiresCredentials: true)
            settings.streamPulse = .milliseconds(10)
            settings.clients = ["scada.example": APIKeyGrant(roles: ["operator"])]
            let api = GatewayAPI(gateway: bench.gateway, settings: settings, logger: logger)
            let fields = HTTPHeaders([.init(name: "Accept", value: "text/event-stream")])
            let response: HTTPResponse
            if loss == .endOfToken {
                let end = (bench.clock.now() + .seconds(60)).seconds
                let owner = Principal(name: "oidc:ada", scopes: [.eventsRead, .traceRead], expiresAt: end)
                response = await api.routeTable.respond(
                    to: HTTPRequest(method: .get, rawTarget: target, headers: fields, identity: .known(owner))
                )
            } else {
                let request = HTTPRequest(
                    method: .get,
                    rawTarget: target,
                    headers: fields,
                    clientCertificate: .named(["other.example", "scada.example"])
                )
                response = await api.makeResponder().respond(to: request)
            }
            guard case .stream(let stream) = response.body else {
                Issue.record("there is no stream")
                return
            }
            let body = CutBody(after: .max)
            async let following: Void = stream.produce(body)
            switch loss {
            // The clocks of issuer and gateway may differ by a minute.
            case .endOfToken: bench.clock.advance(by: .seconds(120))
            case .fewerRights: api.use(clients: ["scada.example": APIKeyGrant(roles: ["viewer"])])
            case .narrowerLabels:
                api.use(clients: ["scada.example": APIKeyGrant(roles: ["operator"], labels: "region=north")])
            case .nameTakenOut: api.use(clients: ["other.example": APIKeyGrant(roles: ["operator"])])
            }
            try await following
            #expect(body.text.contains("no-longer-allowed") == (target != "/events"))
        }
    }

    @Test("A job is followed from its making to its end, and the events tell of both")
    func job() async throws {
        try await APIBench.run { bench in
            let start = bench.gateway.events.follow().position.text
            let made = try await bench.send(
                .post,
                "/jobs",
                #"{"kind":"read","target":{"meters":["M1"]},"items":[{"object":"1.0.1.8.0.255","attribute":2}]}"#
            )
            let id = try #require(made.json["id"]?.string)
            try await bench.working {
                let answer = try await bench.get("/jobs/\(id)/events")
                var last = ""
                let blocks = Block.blocks(answer.text, lastID: &last)
                #expect(blocks.last?.type == "job.finished")
                #expect(blocks.last?.data.contains(#""state":"succeeded""#) == true)
                let versions = blocks.compactMap { Int($0.id) }
                #expect(versions == versions.sorted() && Set(versions).count == blocks.count)
                let over = try await bench.get("/jobs/\(id)/events", headers: ["Last-Event-ID": last])
                #expect(over.status == 204)
            }
            let told = try await bench.get(
                "/events?type=job.created,job.started,job.finished,reading.stored&limit=4&since=\(start)",
                headers: ["Accept": "text/event-stream"]
            )
            var last = ""
            let types = Block.blocks(told.text, lastID: &last).map(\.type)
            #expect(types == ["job.created", "job.started", "reading.stored", "job.finished"])
            #expect(try await bench.get("/events?type=job.finished").json["items"]?.array?.count == 1)
            #expect(try await bench.get("/events?type=job.created").json["items"]?.array?.isEmpty == true)
        }
    }

    @Test("A meter that goes is told of once, and told of again when it answers")
    func absence() async throws {
        try await APIBench.run { bench in
            let start = bench.gateway.events.follow().position.text
            let gone = try await MeterListener.bind(objects: bench.meter, network: bench.network)
            let port = gone.port
            await gone.close()
            #expect(try await bench.send(.put, "/meters/M9", bench.configuration(port: port)).status == 201)
            let target = "/meters/M9/objects/1.0.1.8.0.255/attributes/2?class=3&maxAge=0"
            for _ in 0..<5 { #expect(try await bench.get(target).problem == "meter-refused-connection") }
            #expect(try await bench.get(target).problem == "circuit-open")
            let etag = try #require(try await bench.get("/meters/M9").headers["ETag"])
            let moved = try await bench.send(
                .put,
                "/meters/M9",
                bench.configuration(),
                headers: ["If-Match": etag]
            )
            #expect(moved.status == 200)
            #expect(try await bench.get(target, headers: ["Priority": "u=0"]).status == 200)
            let told = try await bench.get(
                "/events?type=meter.offline,meter.breaker-open,meter.online&limit=3&meter=M9&since=\(start)",
                headers: ["Accept": "text/event-stream"]
            )
            var last = ""
            let types = Block.blocks(told.text, lastID: &last).map(\.type)
            #expect(types == ["meter.offline", "meter.breaker-open", "meter.online"])
        }
    }

    @Test("Streams end when the gateway shuts down, and say so")
    func draining() async throws {
        try await APIBench.run { bench in
            let start = bench.gateway.events.follow().position.text
            bench.gateway.beginDraining()
            let told = try await bench.get("/events?since=\(start)", headers: ["Accept": "text/event-stream"])
            var last = ""
            #expect(Block.blocks(told.text, lastID: &last).map(\.type) == ["gateway.draining"])
        }
    }
}
