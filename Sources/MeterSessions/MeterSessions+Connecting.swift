// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import MeterTransport

/// How associations are opened and given up.
extension MeterSessions {
    /// Opens the association that a piece of work needs; returns why it could not be opened.
    func connect(_ work: PendingWork, _ channel: ChannelState) async -> SessionError? {
        let settings = work.settings(after: meters[work.route.meter]?.naming[work.request.association])
        guard let error = await connect(work, settings, channel) else { return nil }
        guard case .transport(let failure) = error, let other = work.settings(after: failure, settings),
            !work.waiters.isEmpty, !isCutOff
        else { return error }
        return await connect(work, other, channel)
    }

    private func connect(
        _ work: PendingWork,
        _ settings: AssociationSettings,
        _ channel: ChannelState
    ) async -> SessionError? {
        let kept = channel.line(for: work)
        let error = await open(work, settings, channel, on: kept)
        // A line that was left open may have been lost since; then nobody has answered on it.
        guard let error, let kept, !kept.isOpen, case .transport(let failure) = error, failure.suggestsLostSession,
            !work.waiters.isEmpty, !isCutOff
        else { return error }
        counts.replacements += 1
        return await open(work, settings, channel, on: nil)
    }

    private func open(
        _ work: PendingWork,
        _ settings: AssociationSettings,
        _ channel: ChannelState,
        on line: MeterLine?
    ) async -> SessionError? {
        work.stage = .connecting
        let began = clock.now()
        let id = makeID()
        let route = work.route
        let association = work.request.association
        var settings = settings
        if let learned = meters[route.meter]?.learned(route.revision, settings), learned != settings.learned {
            // Settings that are not changed are not copied.
            settings.learned = learned
        }
        let tap = traces.tap(of: route.meter, in: association, over: route.medium)
        let lines = LineSupply(line, route: route, network: network, tap: tap)
        let keepsLine = route.keepsLine(association)
        let opener = AssociationOpener(
            route: route,
            settings: settings,
            plan: route.counters[association],
            custody: custody,
            lines: lines,
            keepsLine: keepsLine,
            onUnsolicited: { [notificationSink, clock, meter = route.meter] message in
                let notification = MeterNotification(meter: meter, message: message, receivedAt: clock.now())
                notificationSink.yield(notification)
            },
            onClose: { [weak self, key = route.channel] in
                Task { await self?.connectionClosed(id, key) }
            }
        )
        let task = Task {
            await Self.result { () async throws(SessionError) in try await opener.open() }
        }
        work.stop = { task.cancel() }
        let result = await task.value
        work.stop = nil
        work.connectTime += began.duration(to: clock.now())
        channel.line = lines.current
        if channel.line != nil { noteLineOpened(work) }
        // The limit was asked for the first one.
        overdraw(channel, by: lines.opened - 1)
        switch result {
        case .success(let opened):
            counts.connections += 1
            counts.openAssociations += 1
            meters[route.meter]?.connections += 1
            channelRecords[channel.key]?.totals.connections += 1
            // Where there is nothing to be opened, the meter has not answered yet.
            if opened.connection.counters.octetsReceived > 0 {
                noteAnswer(work)
                noteContact(route.meter, opened.info)
            }
            noteNaming(work, opened.info)
            channel.session = ChannelState.Session(
                id: id,
                meter: route.meter,
                association: association,
                revision: route.revision,
                keepAlive: route.keepAlive,
                connection: opened.connection,
                keepsLine: keepsLine,
                info: opened.info,
                since: clock.now()
            )
            return nil
        case .failure(let error):
            if let failure = error.associationFailure { counts.associationFailures[failure, default: 0] += 1 }
            return error
        }
    }

    /// Releases the open association, if any.
    ///
    /// - Parameter next: what is to be done next; the line stays open if that can go over it, and is closed otherwise.
    func closeSession(_ channel: ChannelState, before next: PendingWork? = nil) async {
        let keepsLine =
            next.map { channel.line(for: $0) != nil && $0.route.keepsLine($0.request.association) } ?? false
        if let session = channel.session {
            let keepsLine = keepsLine && session.keepsLine
            if session.mustSettle { await session.connection.settled() }
            if session.connection.isOpen { await session.connection.release(keepingLine: keepsLine) }
            dropSession(channel)
            if !keepsLine { await closeLine(channel) }
        } else if !keepsLine {
            await closeLine(channel)
        }
    }

    /// Closes the line that was left open.
    private func closeLine(_ channel: ChannelState) async {
        guard let line = channel.line else { return }
        channel.line = nil
        if line.isOpen { await line.close() }
    }

    /// Gives up an association without a word, because the meter has ended it on its side.
    func abandonSession(_ channel: ChannelState) async {
        guard let session = channel.session else { return }
        if session.connection.isOpen { await session.connection.close(keepingLine: session.keepsLine) }
        dropSession(channel)
    }

    /// Forgets the session, whose connection is closed or about to be.
    func dropSession(_ channel: ChannelState) {
        guard let session = channel.session else { return }
        channel.session = nil
        counts.openAssociations -= 1
        let counters = session.connection.counters
        channelRecords[channel.key]?.totals.octetsSent += counters.octetsSent
        channelRecords[channel.key]?.totals.octetsReceived += counters.octetsReceived
        meters[session.meter]?.ended.octetsSent += counters.octetsSent
        meters[session.meter]?.ended.octetsReceived += counters.octetsReceived
    }

    /// The network or the meter ended a connection, or we did.
    private func connectionClosed(_ id: UInt64, _ key: ChannelKey) {
        // While work is in progress, its exchange learns of it.
        guard let channel = channels[key], channel.session?.id == id, channel.runner == nil else { return }
        startRunner(channel)
    }

    func noteContact(_ meter: String, _ info: AssociationInfo) {
        meters[meter]?.lastContact = clock.now()
        meters[meter]?.association = info
    }

    func noteNaming(_ work: PendingWork, _ info: AssociationInfo) {
        guard info.usesShortNames || work.settings.referencing == .automatic else { return }
        meters[work.route.meter]?.naming[work.request.association] = LearnedNaming(
            revision: work.route.revision,
            usesShortNames: info.usesShortNames,
            shortNames: info.shortNames
        )
    }

    /// Takes note of a failure in the status of the meter and its channel.
    func noteFailure(_ work: PendingWork, _ error: SessionError) {
        channelRecords[work.route.channel]?.totals.failures += 1
        let failure = LastFailure(
            ChannelStatus.Failure(error: error, meter: work.route.meter, instant: clock.now())
        )
        channelRecords[work.route.channel]?.lastFailure = failure
        meters[work.route.meter]?.failures += 1
        meters[work.route.meter]?.lastFailure = failure
    }

    static func result<Success, Failure>(
        _ body: () async throws(Failure) -> Success
    ) async -> Result<Success, Failure> {
        do throws(Failure) {
            return .success(try await body())
        } catch {
            return .failure(error)
        }
    }
}
