// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import Fleet
import Jobs
import Testing
import Timekeeping

@Suite struct NodeStoreTests {
    private static let lease = Duration.seconds(15)

    private func node(_ name: String) -> NodeRegistration {
        NodeRegistration(name: name, address: "http://\(name):8080", version: "1", lease: Self.lease)
    }

    private func beat(
        _ holder: NodeHolder,
        _ stores: Stores,
        isDraining: Bool = false,
        mayInherit: Bool = true
    ) async throws -> NodeView {
        try await stores.fleet.beat(
            NodeBeat(holder: holder, lease: Self.lease, isDraining: isDraining, mayInherit: mayInherit)
        )
    }

    @Test(arguments: Backend.allCases) func eachStartHasAHigherFence(_ backend: Backend) async throws {
        try await backend.run { stores in
            let first = try await stores.fleet.register(node("a"))
            let again = try await stores.fleet.register(node("a"))
            let other = try await stores.fleet.register(node("b"))
            #expect(again.fence == first.fence + 1)
            #expect(again.ordinal == first.ordinal)
            #expect(other.ordinal != first.ordinal)
            // What the earlier start says does not count any more.
            await #expect(throws: StoreError.preconditionFailed(current: nil)) { try await beat(first.holder, stores) }
        }
    }

    @Test(arguments: Backend.allCases) func sharesAreDividedAndNeverHeldTwice(_ backend: Backend) async throws {
        try await backend.run { stores in
            let a = try await stores.fleet.register(node("a")).holder
            let all = try await beat(a, stores)
            #expect(all.taken.count == ChannelShare.count)
            let b = try await stores.fleet.register(node("b")).holder
            #expect(try await beat(b, stores).taken.isEmpty)
            let surplus = try await beat(a, stores)
            #expect(surplus.yielded.count == ChannelShare.count / 2)
            // Until they are given back nobody else has them.
            #expect(try await beat(b, stores).taken.isEmpty)
            try await stores.fleet.release(surplus.yielded, of: a)
            #expect(Set(try await beat(b, stores).taken) == Set(surplus.yielded))
            let standings = try await stores.fleet.nodes()
            #expect(standings.map(\.shares) == [512, 512])
            #expect(standings.map(\.node.state) == [.live, .live])
        }
    }

    @Test(arguments: Backend.allCases) func whatALostGatewayHadIsTakenOnceItIsSurelyLost(
        _ backend: Backend
    ) async throws {
        try await backend.run { stores in
            let a = try await stores.fleet.register(node("a")).holder
            let b = try await stores.fleet.register(node("b")).holder
            _ = try await beat(a, stores)
            try await stores.fleet.release(try await beat(a, stores).yielded, of: a)
            _ = try await beat(b, stores)
            stores.clock.advance(by: .seconds(14))
            #expect(try await beat(b, stores).dead.isEmpty)
            stores.clock.advance(by: .seconds(2))
            // Who was silent himself leaves the others time to come back.
            #expect(try await beat(b, stores, mayInherit: false).taken.isEmpty)
            let view = try await beat(b, stores)
            #expect(view.dead == [a])
            #expect(view.taken.count == 512)
            // One that comes back sees that it has nothing, and gets its part anew.
            let back = try await beat(a, stores)
            #expect(back.table.shares(of: a).isEmpty)
            #expect(back.dead.isEmpty)
        }
    }

    @Test(arguments: Backend.allCases) func anEarlierStartIsWaitedFor(_ backend: Backend) async throws {
        try await backend.run { stores in
            let first = try await stores.fleet.register(node("a")).holder
            #expect(try await beat(first, stores).taken.count == ChannelShare.count)
            let second = try await stores.fleet.register(node("a")).holder
            #expect(try await beat(second, stores).taken.isEmpty)
            stores.clock.advance(by: .seconds(16))
            #expect(try await beat(second, stores).taken.count == ChannelShare.count)
            // One that has ended in good order need not be waited for.
            try await stores.fleet.leave(second)
            let third = try await stores.fleet.register(node("a")).holder
            #expect(try await beat(third, stores).taken.count == ChannelShare.count)
        }
    }

    @Test(arguments: Backend.allCases) func oneThatDrainsGivesEverythingBack(_ backend: Backend) async throws {
        try await backend.run { stores in
            let a = try await stores.fleet.register(node("a")).holder
            _ = try await beat(a, stores)
            let view = try await beat(a, stores, isDraining: true)
            #expect(view.yielded.count == ChannelShare.count)
            #expect(try await stores.fleet.nodes().first?.node.state == .draining)
            try await stores.fleet.release(view.yielded, of: a)
            try await stores.fleet.leave(a)
            #expect(try await stores.fleet.nodes().first?.node.state == .stopped)
        }
    }

    @Test(arguments: Backend.allCases) func onlyOneThatIsGoneIsRemoved(_ backend: Backend) async throws {
        try await backend.run { stores in
            let a = try await stores.fleet.register(node("a")).holder
            await #expect(throws: StoreError.inUse(by: [a.text])) { try await stores.fleet.removeNode("a") }
            stores.clock.advance(by: .seconds(16))
            #expect(try await stores.fleet.removeNode("a"))
            #expect(try await stores.fleet.removeNode("a") == false)
        }
    }

    @Test(arguments: Backend.allCases) func allGatewaysHaveOneSecret(_ backend: Backend) async throws {
        try await backend.run { stores in
            let first = try await stores.fleet.nodeSecret(orKeep: Secret([1, 2, 3]))
            #expect(try await stores.fleet.nodeSecret(orKeep: Secret([4, 5, 6])) == first)
        }
    }
}

@Suite struct SharedExecutionTests {
    private let lease = Duration.seconds(15)

    private func meter(_ name: String, _ path: ChannelConfiguration.Path, _ stores: Stores) async throws -> MeterID {
        let id = try #require(MeterID(name))
        let configuration = MeterConfiguration(channel: .inline(ChannelConfiguration(path: path)))
        _ = try await stores.fleet.putMeter(id, configuration, when: .unconditional)
        return id
    }

    private func endpoint(_ number: Int) -> ChannelConfiguration.Path {
        .tcp(NetworkEndpoint(host: "192.0.2.\(number)", port: 4059))
    }

    private func submit(_ targets: [String], _ stores: Stores) async throws -> JobID {
        let now = stores.clock.now()
        let id = JobIDGenerator().next(at: now)
        let specification = JobSpecification(kind: JobKind(rawValue: "read"), payload: [], createdBy: "test")
        _ = try await stores.jobs.create(
            JobCreation(id: id, specification: specification, targets: targets, now: now)
        )
        return id
    }

    private func claim(_ holder: NodeHolder, _ stores: Stores) async throws -> Set<String> {
        let now = stores.clock.now()
        let claim = ExecutionClaim(
            holder: holder.text,
            limit: 50,
            now: now,
            leaseUntil: now + .seconds(60),
            onlyOwnShares: true
        )
        return Set(try await stores.jobs.claim(claim).map(\.execution.target))
    }

    /// Two gateways with half of the shares each.
    private func twoNodes(_ stores: Stores) async throws -> (a: NodeHolder, b: NodeHolder, table: ShareTable) {
        func register(_ name: String) async throws -> NodeHolder {
            try await stores.fleet.register(.init(name: name, address: "", version: "", lease: lease)).holder
        }
        let (a, b) = (try await register("a"), try await register("b"))
        func beat(_ holder: NodeHolder) async throws -> NodeView {
            let view = try await stores.fleet.beat(.init(holder: holder, lease: lease, mayInherit: true))
            try await stores.fleet.release(view.yielded, of: holder)
            return view
        }
        _ = try await beat(a)
        return (a, b, try await beat(b).table)
    }

    @Test(arguments: Backend.allCases) func executionsGoToWhoHasTheLine(_ backend: Backend) async throws {
        try await backend.run { stores in
            let (a, b, table) = try await twoNodes(stores)
            var expected: [NodeHolder: Set<String>] = [a: [], b: []]
            for number in 1...40 {
                let id = try await meter("M-\(number)", endpoint(number), stores)
                let share = ChannelShare(of: endpoint(number), in: nil)
                expected[try #require(table.entries[share.number].holder), default: []].insert(id.text)
            }
            _ = try await submit((1...40).map { "M-\($0)" }, stores)
            #expect(try await claim(a, stores) == expected[a])
            #expect(try await claim(a, stores) == [])
            #expect(try await claim(b, stores) == expected[b])
            #expect(expected[a]?.isEmpty == false && expected[b]?.isEmpty == false)
        }
    }

    @Test(arguments: Backend.allCases) func executionsFollowTheirMetersLine(_ backend: Backend) async throws {
        try await backend.run { stores in
            let (a, b, table) = try await twoNodes(stores)
            func number(of holder: NodeHolder) throws -> Int {
                try #require(
                    (1...250).first { table.entries[ChannelShare(of: endpoint($0), in: nil).number].holder == holder }
                )
            }
            let id = try await meter("M-1", endpoint(try number(of: a)), stores)
            _ = try await submit([id.text], stores)
            _ = try await meter("M-1", endpoint(try number(of: b)), stores)
            #expect(try await claim(a, stores) == [])
            #expect(try await claim(b, stores) == ["M-1"])
        }
    }

    @Test(arguments: Backend.allCases) func executionsGoWhereTheirMeterDialledIn(_ backend: Backend) async throws {
        try await backend.run { stores in
            let (a, b, _) = try await twoNodes(stores)
            let id = try await meter("M-1", .dialIn(identity: "alpha"), stores)
            for (here, there) in [(a, b), (b, a)] {
                try await stores.fleet.noteCallers([id], at: here)
                #expect(try await stores.fleet.callerHolder(id) == here)
                _ = try await submit([id.text], stores)
                #expect(try await claim(there, stores) == [])
                #expect(try await claim(here, stores) == ["M-1"])
            }
            // The end of a connection that another one has replaced changes nothing.
            try await stores.fleet.forgetCallers([id], at: a)
            #expect(try await stores.fleet.callerHolder(id) == b)
            try await stores.fleet.forgetCallers([id], at: b)
            #expect(try await stores.fleet.callerHolder(id) == nil)

            let gone = try await meter("M-2", .dialIn(identity: "beta"), stores)
            try await stores.fleet.noteCallers([gone], at: a)
            _ = try await submit([gone.text], stores)
            try await stores.fleet.forgetCallers([gone], at: a)
            #expect(try await claim(a, stores).union(claim(b, stores)) == ["M-2"])
        }
    }

    @Test(arguments: Backend.allCases) func theDeadAreFoundByWhatTheyWorkOn(_ backend: Backend) async throws {
        try await backend.run { stores in
            let (a, b, table) = try await twoNodes(stores)
            let number = try #require(
                (1...250).first { table.entries[ChannelShare(of: endpoint($0), in: nil).number].holder == a }
            )
            let id = try await meter("M-1", endpoint(number), stores)
            _ = try await submit([id.text], stores)
            #expect(try await claim(a, stores) == ["M-1"])
            stores.clock.advance(by: .seconds(8))
            _ = try await stores.fleet.beat(.init(holder: b, lease: lease, mayInherit: true))
            stores.clock.advance(by: .seconds(8))
            let view = try await stores.fleet.beat(.init(holder: b, lease: lease, mayInherit: true))
            #expect(view.dead == [a])
            _ = try await stores.jobs.recover(holder: a.text, now: stores.clock.now())
            #expect(try await claim(b, stores) == ["M-1"])
        }
    }

    @Test(arguments: Backend.allCases) func aSmallJobIsServedBesideALargeOneOfOthers(_ backend: Backend) async throws {
        try await backend.run { stores in
            let (a, b, table) = try await twoNodes(stores)
            var (ours, theirs) = ([String](), [String]())
            for number in 1...40 {
                let id = try await meter("M-\(number)", endpoint(number), stores)
                let holder = table.entries[ChannelShare(of: endpoint(number), in: nil).number].holder
                if holder == a { ours.append(id.text) } else { theirs.append(id.text) }
            }
            _ = try await submit(theirs, stores)
            _ = try await submit(Array(ours.prefix(1)), stores)
            let now = stores.clock.now()
            let wish = ExecutionClaim(
                holder: a.text,
                limit: 1,
                now: now,
                leaseUntil: now + .seconds(60),
                onlyOwnShares: true
            )
            #expect(try await stores.jobs.claim(wish).map(\.execution.target) == Array(ours.prefix(1)))
            #expect(try await claim(b, stores).count == theirs.count)
        }
    }
}
