// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Testing
import Timekeeping

@testable import GatewayCore

@Suite("The stretches of time that rows are asked for in")
struct RowsPlanTests {
    /// The seconds of 4,096 rows of a quarter of an hour.
    private static let length: Int64 = 4096 * 900

    private func windows(
        _ window: Range<Int64>?,
        period: UInt32 = 900,
        entries: UInt32? = nil,
        inUse: Int? = nil,
        mostRowsInRange: UInt32? = nil
    ) throws -> [Range<Int64>] {
        let name = OBISCode(1, 0, 99, 1, 0, 255)
        var attributes: [Int8: DLMSData] = [3: .array([]), 4: .doubleLongUnsigned(period)]
        if let entries { attributes[8] = .doubleLongUnsigned(entries) }
        var behaviour = ProfileBehaviour()
        behaviour.mostRowsInRange = mostRowsInRange
        let sheet = ProfileSheet(
            object: MeterObject(logicalName: name, classID: 7, version: 1),
            descriptor: try #require(ProfileDescriptor(logicalName: name, attributes: attributes)),
            scalers: [:],
            behaviour: behaviour,
            template: nil
        )
        let plan = RowsPlan(
            sheet: sheet,
            window: window.map {
                RowsQuery.Window(from: Timestamp(seconds: $0.lowerBound), to: Timestamp(seconds: $0.upperBound))
            },
            entries: nil,
            columns: nil,
            zone: ZoneInfo.utc,
            behaviour: behaviour,
            entriesInUse: inUse
        )
        return plan.windows.map { $0.from.seconds..<$0.to.seconds }
    }

    @Test("Rows that are not chosen by time have none, and few rows are asked for at once")
    func short() throws {
        #expect(try windows(nil).isEmpty)
        let whole = 1_000_000..<1_000_000 + Self.length
        #expect(try windows(whole) == [whole])
        #expect(try windows(0..<1_000_000_000, period: 0) == [0..<1_000_000_000])
    }

    @Test("A long time is divided without a gap, into no more rows at a time than the meter gives")
    func long() throws {
        let start: Int64 = 1_700_000_000
        let end = start + 2 * Self.length + 1
        #expect(
            try windows(start..<end) == [
                start..<start + Self.length, start + Self.length..<end - 1, end - 1..<end,
            ]
        )
        let parts = try windows(start..<start + 86_400, mostRowsInRange: 10)
        #expect(parts.count == 10)
        #expect(parts.allSatisfy { $0.count <= 9000 })
        #expect(parts.first?.lowerBound == start && parts.last?.upperBound == start + 86_400)
        #expect(zip(parts, parts.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
        // A meter that gives more rows than the gateway wants at once is asked for as many as that.
        #expect(try windows(start..<end, mostRowsInRange: 1 << 20).count == 3)
    }

    @Test("What lies before all that a buffer can hold is asked for at once", arguments: [true, false])
    func longAgo(isInUse: Bool) throws {
        let end: Int64 = 1_800_000_000
        let found = try windows(0..<end, entries: isInUse ? nil : 4096, inUse: isInUse ? 4096 : nil)
        #expect(
            found == [
                0..<end - 3 * Self.length, end - 3 * Self.length..<end - 2 * Self.length,
                end - 2 * Self.length..<end - Self.length, end - Self.length..<end,
            ]
        )
    }

    @Test("Numbers of a meter that cannot be true, and times that no meter knows, do no harm")
    func absurd() throws {
        let ever = Int64(-1) << 40..<Int64(1) << 40
        #expect(try windows(ever, period: .max, entries: .max) == [ever])
        let known = ProfileBehaviour.knownInstants
        #expect(
            try windows(ever, period: .max, entries: .max, inUse: .max, mostRowsInRange: 1)
                == [known.lowerBound..<known.upperBound]
        )
        #expect(try windows(-9_000_000_000..<(-1)) == [-9_000_000_000..<(-1)])
    }
}
