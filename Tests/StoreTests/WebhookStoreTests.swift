// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import Fleet
import Testing
import Timekeeping

@Suite("Stores of webhooks")
struct WebhookStoreTests {
    private static let secret = Secret([UInt8](repeating: 9, count: 32))
    private static let now = Timestamp(seconds: 1_800_000_000)
    private let deliveryIDs = TimeOrderedIDGenerator<WebhookDelivery>()
    private let eventIDs = TimeOrderedIDGenerator<FleetEvent>()

    private func configuration(_ types: [EventType] = []) throws -> WebhookConfiguration {
        WebhookConfiguration(url: try #require(WebhookURL("https://billing.example/hook?token=1")), types: types)
    }

    private func delivery(_ webhook: WebhookID, _ event: EventID? = nil) -> WebhookDelivery {
        WebhookDelivery(
            id: deliveryIDs.next(at: Self.now),
            webhook: webhook,
            event: event ?? eventIDs.next(at: Self.now),
            type: .meterAlarm,
            meter: MeterID("M-1"),
            document: "{}",
            createdAt: Self.now
        )
    }

    private func make(_ text: String, in stores: Stores) async throws -> WebhookID {
        let id = try #require(WebhookID(text))
        _ = try await stores.fleet.putWebhook(
            id,
            try configuration(),
            secret: Self.secret,
            overlap: .zero,
            when: .ifAbsent
        )
        return id
    }

    @Test(
        "A webhook reads back, keeps its secret when it is replaced, and is gone with what was on its way to it",
        arguments: Backend.allCases
    )
    func configuration(_ backend: Backend) async throws {
        try await backend.run { stores in
            let id = try await make("billing", in: stores)
            var changed = try configuration([.meterAlarm, .orderExecuted])
            changed.target = .meters([try #require(MeterID("M-1"))])
            changed.isEnabled = false
            changed.disabledReason = "gone"
            _ = try await stores.fleet.putWebhook(id, changed, secret: nil, overlap: .zero, when: .ifPresent)
            #expect(try await stores.fleet.webhook(id)?.configuration == changed)
            #expect(try await stores.fleet.webhookSecrets(id) == [Self.secret])
            #expect(try await stores.fleet.webhooks(after: nil, limit: 10).items.map(\.id) == [id])
            let kept = delivery(id)
            #expect(try await stores.fleet.addDeliveries([kept], of: id, upTo: nil) == 1)
            #expect(try await stores.fleet.deleteWebhook(id, when: .unconditional))
            #expect(try await stores.fleet.delivery(kept.id, of: id) == nil)
            #expect(try await stores.fleet.addDeliveries([delivery(id)], of: id, upTo: nil) == 0)
            #expect(try await stores.fleet.webhookSecrets(id).isEmpty)
        }
    }

    @Test("A secret that was replaced signs beside the new one for a while", arguments: Backend.allCases)
    func replacedSecret(_ backend: Backend) async throws {
        try await backend.run { stores in
            let id = try await make("billing", in: stores)
            let new = Secret([UInt8](repeating: 7, count: 32))
            for secret in [new, nil, new] {
                _ = try await stores.fleet.putWebhook(
                    id,
                    try configuration(),
                    secret: secret,
                    overlap: .seconds(60),
                    when: .ifPresent
                )
                // What is written again as it was replaces nothing.
                #expect(try await stores.fleet.webhookSecrets(id) == [new, Self.secret])
                stores.clock.advance(by: .seconds(10))
            }
            stores.clock.advance(by: .seconds(30))
            #expect(try await stores.fleet.webhookSecrets(id) == [new])
        }
    }

    @Test(
        "An event is delivered once to each webhook, however often deliveries are made of it",
        arguments: Backend.allCases
    )
    func once(_ backend: Backend) async throws {
        try await backend.run { stores in
            let (one, other) = (try await make("a", in: stores), try await make("b", in: stores))
            let event = eventIDs.next(at: Self.now)
            #expect(try await stores.fleet.addDeliveries([delivery(one, event)], of: one, upTo: event) == 1)
            #expect(try await stores.fleet.addDeliveries([delivery(one, event)], of: one, upTo: event) == 0)
            #expect(try await stores.fleet.addDeliveries([delivery(other, event)], of: other, upTo: event) == 1)
            #expect(try await stores.fleet.webhookMark(one) == event)
        }
    }

    @Test("What is due is taken by one, and is due again when that one is lost", arguments: Backend.allCases)
    func claiming(_ backend: Backend) async throws {
        try await backend.run { stores in
            let fleet = stores.fleet
            let (one, paused) = (try await make("a", in: stores), try await make("b", in: stores))
            var sleeping = try configuration()
            sleeping.isEnabled = false
            _ = try await fleet.putWebhook(paused, sleeping, secret: nil, overlap: .zero, when: .ifPresent)
            _ = try await fleet.addDeliveries([delivery(one), delivery(one)], of: one, upTo: nil)
            _ = try await fleet.addDeliveries([delivery(paused)], of: paused, upTo: nil)
            func claim(_ seconds: Int64, underWay: [WebhookID: Int] = [:]) async throws -> [WebhookDelivery] {
                try await fleet.claimDeliveries(
                    at: Self.now + .seconds(seconds),
                    lease: .seconds(60),
                    underWay: underWay,
                    mostOfOne: 4,
                    limit: 10
                )
            }
            #expect(try await claim(-1).isEmpty)
            #expect(try await claim(0, underWay: [one: 4]).isEmpty)
            var taken = try await claim(0)
            #expect(taken.count == 2)
            #expect(try await claim(59).isEmpty)
            taken[0].state = .delivered
            taken[0].tries = 1
            taken[0].attempts = [.init(at: Self.now, status: 204, reason: nil, duration: .milliseconds(3))]
            try await fleet.settleDelivery(taken[0])
            #expect(try await claim(61).map(\.id) == [taken[1].id])
            #expect(try await fleet.delivery(taken[0].id, of: one) == taken[0])
            #expect(try await fleet.deliveries(of: one, in: .delivered, before: nil, limit: 10) == [taken[0]])
            let end = Self.now + .seconds(1)
            // Its event is looked at again, and would be told again without it.
            #expect(try await fleet.removeDeliveries(before: end, overlap: .seconds(30), limit: 10) == 0)
            let later = eventIDs.next(at: Self.now + .seconds(31))
            _ = try await fleet.addDeliveries([], of: one, upTo: later)
            #expect(try await fleet.removeDeliveries(before: end, overlap: .seconds(30), limit: 10) == 1)
            #expect(try await fleet.deliveries(of: one, in: nil, before: nil, limit: 10).map(\.id) == [taken[1].id])
        }
    }

    @Test("A webhook with much to tell does not take the places of others", arguments: Backend.allCases)
    func turns(_ backend: Backend) async throws {
        try await backend.run { stores in
            let (one, other) = (try await make("a", in: stores), try await make("b", in: stores))
            _ = try await stores.fleet.addDeliveries((0..<8).map { _ in delivery(one) }, of: one, upTo: nil)
            _ = try await stores.fleet.addDeliveries([delivery(other)], of: other, upTo: nil)
            func claim(_ underWay: [WebhookID: Int]) async throws -> [WebhookID] {
                try await stores.fleet.claimDeliveries(
                    at: Self.now,
                    lease: .seconds(60),
                    underWay: underWay,
                    mostOfOne: 4,
                    limit: 6
                ).map(\.webhook)
            }
            #expect(try await claim([one: 1]) == [one, one, one, other])
            #expect(try await claim([one: 4]).isEmpty)
        }
    }
}
