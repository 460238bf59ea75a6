// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import DLMSEngine
import Fleet
import Timekeeping

/// Switches supply at one meter: looks, decides, sends one command at most, looks again.
struct DisconnectorProcedure: Sendable {
    private static let usualName = OBISCode(0, 0, 96, 3, 10, 255)

    let access: ProcedureAccess
    let clock: any WallClock

    /// How an attempt ended that did not throw.
    enum Ending {
        /// The meter is as it should be.
        case done(DisconnectorOutcome)
        /// The command may have left, and nothing shows yet what came of it.
        case unknown(GatewayError)
    }

    /// What the disconnector shows now, read at the meter.
    ///
    /// - Throws: ``GatewayError/noDisconnector(_:)``.
    func read(_ name: OBISCode?) async throws(GatewayError) -> DisconnectorReading {
        let object = try await find(name)
        let values = try await access.read([2, 3, 4], of: object)
        let output = (try? values[2]?.get())?.truth
        let shown = (try? values[3]?.get()).flatMap(Self.code).flatMap(DisconnectControl.State.init(rawValue:))
        guard let state = shown ?? output.map({ $0 ? .connected : .disconnected }) else {
            // Neither can be read: the meter's reason for the state is the better one.
            if case .failure(let error)? = values[3] { throw error }
            throw .protocolError(access.memory.id, reason: "its disconnector shows no state that the standard knows")
        }
        return DisconnectorReading(
            object: object,
            isOutputClosed: output,
            state: state,
            mode: (try? values[4]?.get()).flatMap(Self.code).flatMap(DisconnectControl.Mode.init(rawValue:)),
            association: access.association,
            readAt: clock.now()
        )
    }

    /// Why the state does not fit an order.
    func unexpected(_ order: DisconnectorOrder, _ present: DisconnectorReading) -> GatewayError? {
        guard let expected = order.expectedState, expected != present.state else { return nil }
        return .unexpectedState(access.memory.id, expected: expected.name, actual: present.state.name)
    }

    /// Why the control mode does not allow an order.
    func disallowed(_ order: DisconnectorOrder, _ present: DisconnectorReading) -> GatewayError? {
        guard let mode = present.mode, !order.action.isFulfilled(by: present.state),
            mode.state(after: order.action, from: present.state) == nil
        else { return nil }
        return .notAllowedByControlMode(access.memory.id, mode: Int(mode.rawValue), order: order.action.word)
    }

    /// Carries out an order.
    ///
    /// - Parameters:
    ///   - settleTime: the longest that the command may wait for its line, so that it never leaves after others take
    ///     it for lost.
    ///   - registers: reads what is to be read before.
    ///   - keep: keeps what was found before the command is sent.
    ///   - permit: called once, right before the command; what it throws comes out, and nothing was sent then.
    func carryOut(
        _ order: DisconnectorOrder,
        expiresAt: Timestamp?,
        settleTime: Duration,
        registers: () async -> ReadAnswer?,
        keep: (DisconnectorOutcome) async -> Void,
        permit: () async throws -> Void
    ) async throws -> Ending {
        var outcome = DisconnectorOutcome(order: order)
        let before = try await read(order.object)
        outcome.before = before
        if let error = unexpected(order, before) ?? disallowed(order, before) { throw error }
        guard !order.action.isFulfilled(by: before.state) else {
            outcome.after = before
            outcome.isNoop = true
            return .done(outcome)
        }
        guard !order.isDryRun else { return .done(outcome) }
        outcome.registers = await registers()
        await keep(outcome)
        try await permit()
        let sentAt = clock.now()
        outcome.sentAt = sentAt
        let rest = expiresAt.map { max($0 - sentAt, .zero) } ?? settleTime
        let longest = min(OrderSettings.longestSending, settleTime, rest)
        let reply: Reply
        do throws(GatewayError) {
            reply = try await send(order.action, to: before.object, within: longest)
        } catch {
            // Whatever it was, permission is not given twice: what came of it shows by reading.
            return .unknown(error)
        }
        switch reply {
        case .accepted(let exchange): outcome.exchange = exchange
        case .refused(let error): throw error
        }
        guard order.verifies else { return .done(outcome) }
        // The meter said yes; only what it shows counts.
        let after: DisconnectorReading
        do throws(GatewayError) {
            after = try await read(order.object)
        } catch {
            return .unknown(.outcomeUnknown(access.memory.id, operation: order.action.word))
        }
        outcome.after = after
        guard order.action.isFulfilled(by: after.state) else {
            return .unknown(.verificationFailed(access.target(before.object, .attribute(3))))
        }
        return .done(outcome)
    }

    /// Finds out by reading what came of a command whose answer is missing; sends nothing.
    ///
    /// - Parameters:
    ///   - sentAt: when the command was permitted.
    ///   - settleTime: how long after that a meter in the old state is taken not to act any more.
    func resolve(
        _ order: DisconnectorOrder,
        sentAt: Timestamp?,
        settleTime: Duration
    ) async throws(GatewayError) -> Ending {
        let present = try await read(order.object)
        guard order.action.isFulfilled(by: present.state) else {
            // A meter may act late; until then nobody knows.
            if let sentAt, clock.now() < sentAt + settleTime {
                return .unknown(.outcomeUnknown(access.memory.id, operation: order.action.word))
            }
            throw .orderNotCarriedOut(access.memory.id, state: present.state.name)
        }
        var outcome = DisconnectorOutcome(order: order)
        outcome.after = present
        outcome.sentAt = sentAt
        outcome.isResolved = true
        return .done(outcome)
    }

    private func find(_ name: OBISCode?) async throws(GatewayError) -> MeterObject {
        guard access.memory.text == nil else { throw .noDisconnector(access.memory.id) }
        do throws(GatewayError) {
            return try await access.object(of: SupplyGuard.disconnectControl, named: name, usually: Self.usualName)
        } catch {
            if case .objectUndefined = error { throw .noDisconnector(access.memory.id) }
            throw error
        }
    }

    /// What the meter said to the command.
    private enum Reply {
        case accepted(Duration)
        case refused(GatewayError)
    }

    /// Sends the command, once.
    private func send(
        _ action: DisconnectControl.Order,
        to object: MeterObject,
        within longest: Duration
    ) async throws(GatewayError) -> Reply {
        defer { access.memory.forgetValues() }
        let answer = try await access.exchange.perform(
            .action(object.method(action.rawValue), .integer(0)),
            for: access.errand(within: longest),
            isOrder: true
        )
        let outcome = try answer.actionOutcome()
        guard outcome.result == .success else {
            return .refused(GatewayError(outcome.result, access.target(object, .method(action.rawValue))))
        }
        return .accepted(answer.timings.exchange)
    }

    /// The number of an enumeration; some meters send it as an unsigned.
    private static func code(_ data: DLMSData) -> UInt8? {
        switch data {
        case .enumeration(let code), .unsigned(let code): code
        default: nil
        }
    }
}
