// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Testing

@testable import GatewayCore

@Suite("Object lists that meters share")
struct ObjectListPoolTests {
    private func octets(_ classID: UInt16) -> [UInt8] {
        let name = DLMSData.octetString(OBISCode(1, 0, 1, 8, 0, 255).octets)
        let rights = DLMSData.structure([.array([]), .array([])])
        return DLMSData.array([.structure([.longUnsigned(classID), .unsigned(0), name, rights])]).octets
    }

    private func list(_ octets: [UInt8]) throws -> ObjectList { try ObjectList(DLMSData(octets: octets)) }

    @Test("Equal lists are decoded once and kept once")
    func equal() throws {
        let pool = ObjectListPool()
        let first = try pool.view(of: octets(3)) { try list(octets(3)) }
        let second = try pool.view(of: octets(3)) {
            Issue.record("decoded twice")
            return try list(octets(3))
        }
        let other = try pool.view(of: octets(1)) { try list(octets(1)) }
        #expect(first === second)
        #expect(other.entries.map(\.classID) == [1])
        #expect(pool.count == 2)
    }

    @Test("A list goes with the last meter that has it")
    func dropped() throws {
        let pool = ObjectListPool()
        for classID in UInt16(1)...500 {
            _ = try pool.view(of: octets(classID)) { try list(octets(classID)) }
        }
        #expect(pool.count == 0)
        let kept = try pool.view(of: octets(7)) { try list(octets(7)) }
        #expect(kept.entries.map(\.classID) == [7])
        #expect(pool.count == 1)
    }
}
