// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import MeterTransport

/// Which lines this gateway may use, when several divide them among themselves.
public protocol LineTenure: Sendable {
    /// Whether exchanges and connections may begin on lines of a share; asked before each of them.
    func holds(_ share: Int) -> Bool
}

/// How lines go over to another gateway: nothing begins any more, what was begun is ended, and the lines are closed.
extension MeterSessions {
    /// Whether another gateway has the line of a route, or nobody.
    func isHeldElsewhere(_ route: MeterRoute) -> Bool {
        guard let tenure, let share = route.share else { return false }
        return !tenure.holds(share)
    }

    /// Gives up lines that the tenure does not hold any more; when this returns, no connection over them is open.
    ///
    /// Requests that wait fail with ``SessionError/heldElsewhere``, those in progress end.
    /// - Parameters:
    ///   - shares: tells which lines.
    ///   - limit: what is not done after this is cut off.
    public func surrender(_ shares: @Sendable (Int) -> Bool, within limit: Duration) async {
        let leaving = channels.values.filter { $0.share.map(shares) ?? false }
        guard !leaving.isEmpty else { return }
        for channel in leaving {
            for work in withdraw(channel, where: { isHeldElsewhere($0.route) }) {
                end(work, channel, with: .heldElsewhere)
            }
            channel.isToBeReleased = true
            startRunner(channel)
            removeIfUnused(channel)
        }
        let (end, keys) = (clock.now() + limit, leaving.map(\.key))
        let cutOff = Task {
            try await clock.sleep(end)
            await self.cutOff(keys)
        }
        for runner in leaving.compactMap(\.runner) { await runner.value }
        cutOff.cancel()
    }

    private func cutOff(_ keys: [ChannelKey]) async {
        for channel in keys.compactMap({ channels[$0] }) {
            channel.running?.stop?()
            await channel.session?.connection.close()
            await channel.line?.close()
        }
    }
}
