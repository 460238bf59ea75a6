// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import JSONText
import Logging
import SQLStore
import Synchronization
import Testing
import Timekeeping

/// A way out that goes nowhere: it answers as a test tells it to, and remembers what was sent.
final class NotedCourier: WebhookCourier {
    struct Letter: Sendable {
        let url: String
        let fields: [String: String]
        let document: JSONValue
    }

    private let state = Mutex((reply: WebhookReply(status: 204), letters: [Letter]()))

    var letters: [Letter] { state.withLock { $0.letters } }

    func answer(_ status: Int, retryAfter: String? = nil) {
        state.withLock { $0.reply = WebhookReply(status: status, retryAfter: retryAfter) }
    }

    func objection(to url: WebhookURL) async -> String? {
        url.host == "inside.example" ? "the host has the address 127.0.0.1, which may not be called" : nil
    }

    func deliver(_ letter: WebhookLetter, to url: WebhookURL) async throws(WebhookFault) -> WebhookReply {
        let document = (try? JSONReader.parse(letter.body)) ?? .null
        let fields = Dictionary(letter.fields.map { ($0.name, $0.value) }) { first, _ in first }
        return state.withLock { state in
            state.letters.append(Letter(url: url.text, fields: fields, document: document))
            return state.reply
        }
    }
}

@Suite("Webhooks")
struct WebhookTests {
    private let value = "/meters/M1/objects/1.0.1.8.0.255/attributes/2"
    private let courier = NotedCourier()

    private func run(_ body: (APIBench, WebhookDesk) async throws -> Void) async throws {
        try await APIBench.run(courier: courier) { bench in
            try await body(bench, WebhookDesk(gateway: bench.gateway, logger: Logger(label: "test")))
        }
    }

    private func make(_ bench: APIBench, _ members: String = "") async throws {
        let made = try await bench.send(
            .post,
            "/webhooks",
            #"{"id":"w","url":"https://billing.example/hook"\#(members)}"#
        )
        #expect(made.status == 201, "\(made.text)")
    }

    @Test("A secret that cannot be opened is told with the delivery, and a new one takes its place")
    func unreadableSecret() async throws {
        try await run { bench, _ in
            try await make(bench)
            _ = try await bench.database.write(.serial) { connection in
                try connection.execute("UPDATE webhooks SET secret = '00'", [:])
            }
            let failed = try await bench.send(.post, "/webhooks/w/test")
            #expect(failed.status == 200)
            #expect(failed.json["attempts"]?.array?.first?["reason"]?.string?.contains("give it a new one") == true)
            #expect(courier.letters.isEmpty)
            let secret = "whsec_" + String(repeating: "QUJD", count: 11)
            let body = #"{"url":"https://billing.example/hook","secret":"\#(secret)"}"#
            #expect(try await bench.send(.put, "/webhooks/w", body, headers: ["If-Match": "*"]).status == 200)
            #expect(try await bench.send(.post, "/webhooks/w/test").json["state"] == "delivered")
            // What cannot be opened signs nothing beside the new one.
            let signatures = try #require(courier.letters.first?.fields["webhook-signature"])
            #expect(signatures.split(separator: " ").count == 1)
        }
    }

    @Test("A webhook is made with a secret that is shown once, read, replaced and removed")
    func configuration() async throws {
        try await run { bench, _ in
            let made = try await bench.send(.post, "/webhooks", #"{"id":"w","url":"https://billing.example/hook"}"#)
            #expect(made.status == 201)
            #expect(made.headers["Location"] == "/webhooks/w")
            #expect(made.json["secret"]?.string?.hasPrefix("whsec_") == true)
            let read = try await bench.get("/webhooks/w")
            #expect(read.json["secret"]?["set"] == true)
            #expect(read.json["enabled"] == true)
            let tag = try #require(read.headers["ETag"])
            let path = "/webhooks/w"
            let body = #"{"url":"https://other.example/","types":["meter.alarm"],"target":{"meters":["M1"]}}"#
            let put = try await bench.send(.put, path, body, headers: ["If-Match": tag])
            #expect(put.status == 200)
            #expect(put.json["target"]?["meters"] == ["M1"])
            #expect(try await bench.send(.put, path, body, headers: ["If-Match": tag]).status == 412)
            #expect(try await bench.get("/webhooks").json["items"]?.array?.count == 1)
            #expect(try await bench.send(.delete, path).status == 204)
            #expect(try await bench.get(path).status == 404)
        }
    }

    @Test(
        "What cannot be called, or makes no sense, is refused",
        arguments: [
            (#""url":"http://billing.example/""#, "/url"), (#""url":"https://inside.example/""#, "/url"),
            (#""url":"https://user:pw@billing.example/""#, "/url"), (#""url":"ftp://billing.example/""#, "/url"),
            (#""url":"https://b.example/","secret":"whsec_c2hvcnQ=""#, "/secret"),
            (#""url":"https://b.example/","secret":"plain""#, "/secret"),
            (#""url":"https://b.example/","types":["Meter Alarm"]"#, "/types"),
            (#""url":"https://b.example/","types":["meter.alarm","meter.alarms"]"#, #""suggestion":"meter.alarm""#),
            (#""url":"https://b.example/","types":["job.progress"]"#, "/types/0"),
            (#""url":"https://b.example/","types":["meter.alarm","meter.alarm"]"#, "/types"),
            (#""url":"https://b.example/","tpyes":[]"#, "/tpyes"),
        ]
    )
    func refusals(members: String, pointer: String) async throws {
        try await run { bench, _ in
            let answer = try await bench.send(.post, "/webhooks", #"{"id":"w",\#(members)}"#)
            #expect([400, 422].contains(answer.status))
            #expect(answer.text.contains(pointer), "\(answer.text)")
        }
    }

    @Test("A reading that was stored is told to a webhook that wants it, signed, as a CloudEvent")
    func readings() async throws {
        try await run { bench, desk in
            try await make(bench, #","types":["reading.stored"],"target":{"selector":"region=north"}"#)
            await desk.gather()
            let read = try await bench.get(value)
            await bench.gateway.settleReadings()
            await desk.gather()
            await desk.gather()
            await desk.deliverDue()
            let letter = try #require(courier.letters.first)
            #expect(courier.letters.count == 1)
            #expect(letter.fields["webhook-id"] == letter.document["id"]?.string)
            #expect(letter.fields["webhook-signature"]?.hasPrefix("v1,") == true)
            #expect(letter.document["specversion"] == "1.0")
            #expect(letter.document["type"] == "cosem-gateway.reading.stored")
            #expect(letter.document["subject"] == "meters/M1")
            let reading = letter.document["data"]?["readings"]?[0]
            #expect(reading?["name"] == "energy-import")
            #expect(reading?["value"] == read.json["value"]?["value"])
            #expect(reading?["unit"] == "Wh")
        }
    }

    @Test("For a day after its secret was replaced a webhook is signed with both")
    func replacedSecret() async throws {
        try await run { bench, _ in
            try await make(bench)
            func signatures() async throws -> Int? {
                #expect(try await bench.send(.post, "/webhooks/w/test").json["state"] == "delivered")
                return courier.letters.last?.fields["webhook-signature"]?.split(separator: " ").count
            }
            #expect(try await signatures() == 1)
            let body = #"{"url":"https://billing.example/hook","secret":"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"}"#
            #expect(try await bench.send(.put, "/webhooks/w", body).status == 200)
            #expect(try await signatures() == 2)
            bench.clock.advance(by: .seconds(86_400))
            #expect(try await signatures() == 1)
        }
    }

    @Test("Events of other meters, and of types that nobody asked for, are not told")
    func filters() async throws {
        try await run { bench, desk in
            try await make(bench, #","types":["meter.alarm"],"target":{"selector":"region=south"}"#)
            try await bench.gateway.events.publish([.init(.meterAlarm, meter: MeterID("M1")), .init(.scheduleMissed)])
            await desk.gather()
            await desk.deliverDue()
            #expect(courier.letters.isEmpty)
        }
    }

    @Test(
        "A receiver that fails is asked again later and later, and not sooner than it wants",
        arguments: ["900", "Sun, 22 Nov 2026 08:15:06 GMT"]
    )
    func ladder(retryAfter: String) async throws {
        try await run { bench, desk in
            bench.clock.set(try #require(Timestamp(rfc3339: "2026-11-22T08:00:00Z")))
            try await make(bench)
            try await bench.gateway.events.publish([.init(.meterAlarm, meter: MeterID("M1"))])
            await desk.gather()
            courier.answer(500)
            await desk.deliverDue()
            await desk.deliverDue()
            #expect(courier.letters.count == 1)
            bench.clock.advance(by: .seconds(6))
            courier.answer(503, retryAfter: retryAfter)
            await desk.deliverDue()
            #expect(courier.letters.count == 2)
            bench.clock.advance(by: .seconds(600))
            await desk.deliverDue()
            #expect(courier.letters.count == 2)
            bench.clock.advance(by: .seconds(400))
            courier.answer(200)
            await desk.deliverDue()
            #expect(courier.letters.count == 3)
            #expect(Set(courier.letters.map { $0.fields["webhook-id"] }).count == 1)
            let delivery = try await bench.get("/webhooks/w/deliveries?state=delivered").json["items"]?[0]
            let statuses = delivery?["attempts"]?.array?.compactMap { $0["status"]?.number?.exactInt64 }
            #expect(statuses == [500, 503, 200])
        }
    }

    @Test("After ten tries in some three days a delivery is given up, and can be sent again by hand")
    func givingUp() async throws {
        try await run { bench, desk in
            try await make(bench)
            try await bench.gateway.events.publish([.init(.meterAlarm, meter: MeterID("M1"))])
            await desk.gather()
            courier.answer(302)
            for _ in 0..<12 {
                await desk.deliverDue()
                bench.clock.advance(by: .seconds(27 * 3600))
            }
            #expect(courier.letters.count == 10)
            let failed = try #require(try await bench.get("/webhooks/w/deliveries?state=failed").json["items"]?[0])
            #expect(failed["attempts"]?[9]?["reason"] == "redirects are not followed")
            let path = "/webhooks/w/deliveries/\(failed["id"]?.string ?? "")"
            courier.answer(200)
            let again = try await bench.send(.post, path + "/redeliver")
            #expect(again.status == 202)
            #expect(again.json["state"] == "pending")
            await desk.deliverDue()
            let delivered = try await bench.get(path)
            #expect(delivered.json["state"] == "delivered")
            #expect(delivered.json["document"]?["type"] == "cosem-gateway.meter.alarm")
        }
    }

    @Test("A receiver that is gone is not called any more until somebody enables it again")
    func gone() async throws {
        try await run { bench, desk in
            try await make(bench)
            try await bench.gateway.events.publish([.init(.meterAlarm, meter: MeterID("M1"))])
            await desk.gather()
            courier.answer(410)
            await desk.deliverDue()
            let stopped = try await bench.get("/webhooks/w")
            #expect(stopped.json["enabled"] == false)
            #expect(stopped.json["disabledReason"] == "the receiver answered 410 Gone")
            try await bench.gateway.events.publish([.init(.scheduleMissed, meter: MeterID("M1"))])
            await desk.gather()
            await desk.deliverDue()
            #expect(courier.letters.count == 1)
            courier.answer(200)
            let tag = try #require(stopped.headers["ETag"])
            let body = #"{"url":"https://billing.example/hook"}"#
            #expect(try await bench.send(.put, "/webhooks/w", body, headers: ["If-Match": tag]).status == 200)
            await desk.gather()
            await desk.deliverDue()
            #expect(courier.letters.last?.document["type"] == "cosem-gateway.schedule.missed")
        }
    }

    @Test("A test is sent once, and its answer tells what the receiver said")
    func tests() async throws {
        try await run { bench, desk in
            try await make(bench)
            courier.answer(500)
            let answer = try await bench.send(.post, "/webhooks/w/test")
            #expect(answer.status == 200)
            #expect(answer.json["state"] == "failed")
            #expect(answer.json["attempts"]?[0]?["status"] == 500)
            bench.clock.advance(by: .seconds(86_400))
            await desk.deliverDue()
            #expect(courier.letters.count == 1)
            #expect(try await bench.send(.post, "/webhooks/none/test").status == 404)
        }
    }
}
