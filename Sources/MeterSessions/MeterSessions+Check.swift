// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import MeterTransport

extension MeterSessions {
    /// The logical device name, which every meter has and shows.
    private static let deviceName = AttributeRequest(
        AttributeDescriptor(classID: 1, instanceID: OBISCode(0, 0, 42, 0, 0, 255), attributeID: 2)
    )

    /// Tries the way to a meter step by step, on a fresh connection.
    ///
    /// It waits in the queue of the channel and has it alone. Pauses after failures do not hold it back; a held channel
    /// does.
    /// - Parameters:
    ///   - route: how to reach the meter.
    ///   - association: the name of the association to open.
    ///   - deadline: when the caller stops waiting; the step in progress fails then.
    ///   - priority: 0 to 9, 9 goes first.
    ///   - caller: on whose behalf.
    /// - Throws: `SessionError` when it did not come to the first step, because the channel was busy, say.
    public func check(
        _ route: MeterRoute,
        association: String,
        deadline: ContinuousClock.Instant,
        priority: UInt8 = 5,
        caller: String = ""
    ) async throws(SessionError) -> MeterCheck {
        guard let settings = route.associations[association] else { throw .unknownAssociation(association) }
        let log = CheckLog(now: clock.now)
        let work = PendingWork(
            route: route,
            request: SessionRequest(service: Self.question(settings), association: association, caller: caller),
            settings: settings,
            priority: priority,
            check: log
        )
        do throws(SessionError) {
            _ = try await submit(work, deadline: deadline)
        } catch {
            guard log.hasBegun else { throw error }
            log.fail(error)
        }
        return log.check
    }

    /// What shows that a meter answers: its logical device name, or in the text protocol who it is.
    private static func question(_ settings: AssociationSettings) -> ServiceRequest {
        if case .text = settings.link { .text(.identification) } else { .get([deviceName]) }
    }

    /// Carries out a check when its turn has come.
    func check(_ work: PendingWork, _ log: CheckLog, _ channel: ChannelState) async {
        await closeSession(channel)
        guard !work.waiters.isEmpty, !isCutOff else { return end(work, channel, with: .draining) }
        guard mayConnect(channel) else { return putBack(work, channel) }
        work.stage = .connecting
        let route = work.route
        let association = work.request.association
        var settings = work.settings(after: meters[route.meter]?.naming[association])
        if let record = meters[route.meter] { settings.learned = record.learned(route.revision, settings) }
        let lines = LineSupply(
            nil,
            route: route,
            network: network,
            tap: traces.tap(of: route.meter, in: association, over: route.medium)
        )
        let opener = AssociationOpener(
            route: route,
            settings: settings,
            plan: route.counters[association],
            custody: custody,
            lines: lines,
            keepsLine: false,
            onUnsolicited: { _ in },
            onStage: { stage in MeterCheck.Step(stage).map(log.begin) },
            onClose: {}
        )
        let service = work.request.service
        let task = Task { [network] in
            await Self.result { () async throws(SessionError) in
                try await Self.carryOut(service, log, opener, on: network)
            }
        }
        work.stop = { task.cancel() }
        let result = await task.value
        work.stop = nil
        if case .failure(let error) = result { log.fail(error) }
        overdraw(channel, by: lines.opened - 1)
        if let line = lines.current { await line.close() }
        switch result {
        case .success(let done):
            noteAnswer(work)
            noteContact(route.meter, done.info)
            work.succeed(done.response, done.info)
        case .failure(let error):
            fail(work, channel, error)
        }
    }

    private static func carryOut(
        _ service: ServiceRequest,
        _ log: CheckLog,
        _ opener: AssociationOpener,
        on network: MeterNetwork
    ) async throws(SessionError) -> (response: ServiceResponse, info: AssociationInfo) {
        do throws(TransportError) {
            if let host = opener.route.medium.host {
                log.begin(.nameLookUp)
                try await network.lookUp(host)
            }
            log.begin(.connect)
            _ = try await opener.lines.line()
        } catch {
            throw .transport(error)
        }
        let opened = try await opener.open()
        if case .text = service { log.begin(.signOn) } else { log.begin(.read) }
        do throws(TransportError) {
            let done = try await opened.connection.perform(service)
            log.succeed(done.response)
            await opened.connection.release()
            return done
        } catch {
            await opened.connection.close()
            throw .transport(error)
        }
    }
}
