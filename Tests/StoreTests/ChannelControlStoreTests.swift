// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import Testing
import Timekeeping

@Suite struct ChannelControlStoreTests {
    private static let (mast, pool) = ("tcp:192.0.2.10:4059", "serial:/dev/ttyUSB0")

    @Test(arguments: Backend.allCases) func theLastWishOfEachPathIsKept(_ backend: Backend) async throws {
        try await backend.run { stores in
            let fleet = stores.fleet
            #expect(try await fleet.channelControls().isEmpty)
            let until = stores.clock.now() + .seconds(60)
            try await fleet.setChannelControl(.draining, of: Self.mast)
            try await fleet.setChannelControl(.held(until: until, reason: "the mast is painted"), of: Self.mast)
            try await fleet.setChannelControl(.draining, of: Self.pool)
            #expect(
                try await fleet.channelControls() == [
                    ChannelControl(path: Self.pool, wish: .draining),
                    ChannelControl(path: Self.mast, wish: .held(until: until, reason: "the mast is painted")),
                ]
            )
            try await fleet.setChannelControl(nil, of: Self.pool)
            try await fleet.setChannelControl(nil, of: Self.pool)
            #expect(try await fleet.channelControls().map(\.path) == [Self.mast])
        }
    }

    @Test(arguments: Backend.allCases) func aHoldEndsWithItsTimeAndOneWithoutEndStays(
        _ backend: Backend
    ) async throws {
        try await backend.run { stores in
            let fleet = stores.fleet
            let until = stores.clock.now() + .seconds(60)
            try await fleet.setChannelControl(.held(until: until, reason: nil), of: Self.mast)
            try await fleet.setChannelControl(.held(until: nil, reason: nil), of: Self.pool)
            stores.clock.advance(by: .seconds(59))
            #expect(try await fleet.channelControls().count == 2)
            stores.clock.advance(by: .seconds(1))
            #expect(try await fleet.channelControls().map(\.path) == [Self.pool])
        }
    }

    @Test(.timeLimit(.minutes(5)), arguments: Backend.allCases) func otherGatewaysAreTold(
        _ backend: Backend
    ) async throws {
        try await backend.run { stores in
            var changes = stores.fleet.nodeChanges().makeAsyncIterator()
            // The first one says that it listens.
            await changes.next()
            try await stores.fleet.setChannelControl(.draining, of: Self.mast)
            await changes.next()
        }
    }
}
