// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import Testing
import Timekeeping

@Suite("Stores of procedures")
struct ProcedureStoreTests {
    private static func register(_ text: String, in stores: Stores) async throws -> MeterID {
        let id = try #require(MeterID(text))
        let endpoint = NetworkEndpoint(host: "192.0.2.1")
        let configuration = MeterConfiguration(channel: .inline(ChannelConfiguration(path: .tcp(endpoint))))
        _ = try await stores.fleet.putMeter(id, configuration, when: .ifAbsent)
        return id
    }

    @Test(arguments: Backend.allCases)
    func `An image of several pieces is read as it was kept`(backend: Backend) async throws {
        try await backend.run { stores in
            let digest = String(repeating: "a", count: 64)
            let image = FirmwareImage(digest: digest, octets: (0..<200_001).map { UInt8(truncatingIfNeeded: $0 * 7) })
            try await stores.fleet.keepImage(image)
            try await stores.fleet.keepImage(image)
            #expect(try await stores.fleet.image(digest) == image)
            #expect(try await stores.fleet.image(String(repeating: "b", count: 64)) == nil)
        }
    }

    @Test(arguments: Backend.allCases)
    func `The transfer begun last takes the place of the one before`(backend: Backend) async throws {
        try await backend.run { stores in
            let meter = try await Self.register("M1", in: stores)
            #expect(try await stores.fleet.firmwareTransfer(meter) == nil)
            var transfer = FirmwareTransfer(
                image: String(repeating: "a", count: 64),
                identifier: "7632",
                isInitiated: false,
                begunAt: stores.clock.now()
            )
            try await stores.fleet.keepFirmwareTransfer(transfer, of: meter)
            transfer.isInitiated = true
            try await stores.fleet.keepFirmwareTransfer(transfer, of: meter)
            #expect(try await stores.fleet.firmwareTransfer(meter) == transfer)
            let stranger = try #require(MeterID("M2"))
            await #expect(throws: StoreError.referenceUnknown("M2")) {
                try await stores.fleet.keepFirmwareTransfer(transfer, of: stranger)
            }
        }
    }

    @Test(arguments: Backend.allCases)
    func `Of ten minutes one look at a clock is kept, and of a meter the newest 200`(backend: Backend) async throws {
        try await backend.run { stores in
            let meter = try await Self.register("M1", in: stores)
            func sample(_ seconds: Int64, corrected: Bool = false) -> ClockSample {
                ClockSample(
                    at: Timestamp(seconds: 1_800_000_000 + seconds),
                    offset: .microseconds(-seconds - 1),
                    uncertainty: .milliseconds(20),
                    isCorrected: corrected
                )
            }
            try await stores.fleet.keep(sample(0, corrected: true), of: meter)
            try await stores.fleet.keep(sample(5), of: meter)
            try await stores.fleet.keep(sample(600), of: meter)
            // The correction in those ten minutes is not forgotten.
            #expect(try await stores.fleet.clockSamples(meter) == [sample(5, corrected: true), sample(600)])
            for slot in 2..<210 { try await stores.fleet.keep(sample(Int64(slot) * 600), of: meter) }
            let kept = try await stores.fleet.clockSamples(meter)
            #expect(kept.count == 200)
            #expect(kept.last == sample(209 * 600))
            let stranger = try #require(MeterID("M2"))
            try await stores.fleet.keep(sample(0), of: stranger)
            #expect(try await stores.fleet.clockSamples(stranger).isEmpty)
            _ = try await stores.fleet.deleteMeter(meter, when: .unconditional)
            #expect(try await stores.fleet.clockSamples(meter).isEmpty)
        }
    }

    @Test(arguments: Backend.allCases)
    func `What was learned is kept by option and goes with its meter`(backend: Backend) async throws {
        try await backend.run { stores in
            let meter = try await Self.register("M1", in: stores)
            let now = stores.clock.now()
            let lists = LearnedQuirk(name: "withListMaximum", value: .integer(1), learnedAt: now)
            let size = LearnedQuirk(name: "maxSendPDU", value: .integer(128), learnedAt: now)
            try await stores.fleet.learn([lists, size], about: meter)
            let smaller = LearnedQuirk(name: "maxSendPDU", value: .integer(64), learnedAt: now)
            try await stores.fleet.learn([smaller], about: meter)
            #expect(try await stores.fleet.learnedQuirks(meter) == [smaller, lists])
            _ = try await stores.fleet.deleteMeter(meter, when: .unconditional)
            #expect(try await stores.fleet.learnedQuirks(meter) == [])
            try await stores.fleet.learn([lists], about: meter)
            #expect(try await stores.fleet.learnedQuirks(meter) == [])
        }
    }

    @Test(arguments: Backend.allCases)
    func `What was learned can be forgotten`(backend: Backend) async throws {
        try await backend.run { stores in
            let meter = try await Self.register("M1", in: stores)
            let quirk = LearnedQuirk(name: "release", value: .bool(false), learnedAt: stores.clock.now())
            try await stores.fleet.learn([quirk], about: meter)
            #expect(try await stores.fleet.forgetLearnedQuirks(meter))
            #expect(try await !stores.fleet.forgetLearnedQuirks(meter))
            #expect(try await stores.fleet.learnedQuirks(meter) == [])
        }
    }
}
