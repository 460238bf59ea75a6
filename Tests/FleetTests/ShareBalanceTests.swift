// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import Testing

@Suite struct ShareBalanceTests {
    private let a = NodeHolder(name: "a", fence: 1)
    private let b = NodeHolder(name: "b", fence: 4)
    private let c = NodeHolder(name: "c", fence: 2)

    @Test func linesToTheSamePlaceHaveTheSameShare() throws {
        let endpoint = NetworkEndpoint(host: "192.0.2.1", port: 4059)
        let plain = ChannelShare(of: .tcp(endpoint), in: nil)
        #expect(plain == ChannelShare(of: .tls(endpoint), in: nil))
        let pool = try #require(ChannelGroupID("pool"))
        let other = NetworkEndpoint(host: "192.0.2.2", port: 4059)
        #expect(ChannelShare(of: .tcp(endpoint), in: pool) == ChannelShare(of: .tcp(other), in: pool))
        // Written down: another number would hand every meter to another gateway during an upgrade.
        #expect(plain.number == 743)
    }

    @Test func sharesAreEvenlyUsed() {
        var counts = [Int](repeating: 0, count: ChannelShare.count)
        for meter in 0..<102_400 {
            let endpoint = NetworkEndpoint(host: "10.0.\(meter / 256).\(meter % 256)", port: 4059)
            counts[ChannelShare(of: .tcp(endpoint), in: nil).number] += 1
        }
        #expect(counts.allSatisfy { (50...160).contains($0) })
    }

    @Test func oneGatewayTakesEverything() {
        let balance = ShareBalance(of: a, isDraining: false, live: 1, table: ShareTable(), dead: [])
        #expect(Set(balance.taken).count == ChannelShare.count)
        #expect(balance.yielded.isEmpty)
    }

    @Test func aNewcomerGetsItsPartFromEachOfTheOthers() {
        var table = ShareTable()
        for number in table.entries.indices { table.entries[number].holder = number % 2 == 0 ? a : b }
        let first = ShareBalance(of: a, isDraining: false, live: 3, table: table, dead: [])
        #expect(first.taken.isEmpty)
        #expect(first.yielded.count == 512 - 342)
        for share in first.yielded { table.entries[share.number] = .init() }
        let newcomer = ShareBalance(of: c, isDraining: false, live: 3, table: table, dead: [])
        #expect(newcomer.taken.count == 170)
        #expect(Set(newcomer.taken) == Set(first.yielded))
    }

    @Test func whatTheDeadHadIsSharedByTheLiving() {
        var table = ShareTable()
        for number in table.entries.indices { table.entries[number].holder = [a, b, c][number % 3] }
        let balance = ShareBalance(of: a, isDraining: false, live: 2, table: table, dead: [c])
        #expect(balance.taken.count == 512 - 342)
        #expect(balance.taken.allSatisfy { table.entries[$0.number].holder == c })
    }

    @Test func oneThatEndsKeepsNothing() {
        var table = ShareTable()
        for number in table.entries.indices { table.entries[number].holder = a }
        let balance = ShareBalance(of: a, isDraining: true, live: 0, table: table, dead: [b])
        #expect(balance.yielded.count == ChannelShare.count)
        #expect(balance.taken.isEmpty)
    }

    @Test func aHolderReadsBack() {
        let holder = NodeHolder(name: "rack/1", fence: 12)
        #expect(NodeHolder(holder.text) == holder)
        #expect(NodeHolder("gateway") == nil)
    }
}
