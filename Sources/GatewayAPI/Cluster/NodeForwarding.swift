// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import HTTPKit
import Logging
import Timekeeping

/// Answers requests about meters through the gateway that has their line.
struct NodeForwarding: HTTPResponder {
    /// By this field of the answer a gateway says that it has not got the line and has done nothing.
    static let notHere = "Cosem-Gateway-Not-Here"
    /// How long a request waits for a line that goes from one gateway to another.
    private static let patience = Duration.seconds(5)
    /// What is said of meters from the database, which any gateway can.
    private static let stored: Set<String> = [
        "readings", "completeness", "gaps", "recovery", "history", "latest", "events", "counters", "orders",
    ]

    let inner: RouteTable
    let gateway: Gateway
    let node: ClusterNode
    let forwarder: any HTTPForwarder
    /// By this a gateway knows what another one sent on, and sends it no further.
    let proof: ForwardingProof
    /// How many segments stand before every path.
    let baseLength: Int
    /// Told why another gateway is not reached.
    let logger: Logger

    func verdictAtHand(on head: HTTPRequest) -> HeadVerdict? { inner.verdictAtHand(on: head) }

    func answerAtHand(for request: HTTPRequest) -> HTTPResponse? { inner.answerAtHand(for: request) }

    func refuse(_ request: HTTPRequest, because problem: Problem) -> HTTPResponse {
        inner.refuse(request, because: problem)
    }

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        // Who may not gets no further, nor what nobody answers; who may is asked again there by the same credentials.
        guard let subject = subject(of: request), inner.hasRow(for: request) else {
            return await inner.respond(to: request)
        }
        if let refusal = inner.refusal(of: request) { return refusal }
        // Only the answer of this gateway tells nothing of meters that the caller may not see.
        guard await isVisible(subject, to: request) else { return await inner.respond(to: request) }
        let end = ContinuousClock.now + Self.patience
        let isForwarded = proof.isRight(request)
        while true {
            let keeper: LineKeeper
            do throws(GatewayError) {
                keeper = try await self.keeper(of: subject, within: isForwarded ? .zero : Self.patience)
            } catch {
                // What is wrong with the meter is for the handler to say.
                return await inner.respond(to: request)
            }
            switch keeper {
            case .here:
                let answer = await inner.respond(to: request)
                // A read that came too late for its line is asked for again where the line is now.
                guard answer.problem?.name == "held-elsewhere", request.method == .get, !isForwarded,
                    ContinuousClock.now < end
                else { return answer }
            case .nobody: return heldElsewhere(subject, isForwarded: isForwarded)
            case .peer(let peer):
                guard !isForwarded else { return heldElsewhere(subject, isForwarded: true) }
                let answer = await forward(request, to: peer, about: subject)
                guard answer.headers[Self.notHere] != nil, ContinuousClock.now < end else { return answer }
                // It went on since this gateway looked last.
                node.lookAgain()
                guard (try? await Task.sleep(for: .milliseconds(100))) != nil else { return answer }
            }
        }
    }

    // MARK: What requests are about

    private enum Subject {
        case meter(String)
        case channel(String)
    }

    private func subject(of request: HTTPRequest) -> Subject? {
        guard let target = try? HTTPTarget(request.rawTarget), target.segments.count >= baseLength + 2 else {
            return nil
        }
        let segments = target.segments[baseLength...]
        let (kind, name) = (segments[baseLength], segments[baseLength + 1])
        let isConfiguration = segments.count == 2 && request.method != .get && request.method != .head
        guard !isConfiguration else { return nil }
        switch kind {
        case "meters" where !segments.dropFirst(2).contains(where: Self.stored.contains): return .meter(name)
        case "channels": return .channel(name)
        default: return nil
        }
    }

    private func keeper(of subject: Subject, within limit: Duration) async throws(GatewayError) -> LineKeeper {
        switch subject {
        case .meter(let id): try await node.keeper(ofMeter: id, within: limit)
        case .channel(let name): try await node.keeper(ofChannel: name, of: gateway, within: limit)
        }
    }

    /// Whether the caller may see what the request is about, as far as labels confine it.
    private func isVisible(_ subject: Subject, to request: HTTPRequest) async -> Bool {
        guard let confinement = request.identity.principal?.confinement else { return true }
        guard case .meter(let id) = subject, let selector = LabelSelector(confinement),
            let meter = try? await gateway.meter(id)
        else { return false }
        return selector.matches(meter.configuration.labels)
    }

    // MARK: Sending on

    private func forward(_ request: HTTPRequest, to peer: NodeRecord, about subject: Subject) async -> HTTPResponse {
        var fields = proof.fields(of: request, from: node.record.name)
        if let trace = request.trace { fields.append(.init(name: "traceparent", value: trace.traceparent)) }
        do throws(HTTPForwardFault) {
            var answer = try await forwarder.forward(request, to: peer.address, with: fields)
            answer.route = "forwarded"
            answer.headers.set("Cosem-Gateway-Answered-By", peer.name)
            return answer
        } catch {
            switch error {
            case .unreachable, .badAddress:
                logger.warning(
                    "cannot reach another gateway",
                    metadata: ["node": "\(peer.name)", "address": "\(peer.address)", "error": "\(error)"]
                )
                return unreachable(subject)
            case .lost, .cancelled:
                guard request.method == .get || request.method == .head else {
                    return HTTPResponse(Problem(lost(subject), now: gateway.clock.now()))
                }
                return unreachable(subject)
            }
        }
    }

    private func lost(_ subject: Subject) -> GatewayError {
        guard case .meter(let id) = subject, let meter = MeterID(id) else {
            return .internal(reason: "another gateway gave no answer")
        }
        return .outcomeUnknown(meter, operation: "request")
    }

    private func unreachable(_ subject: Subject) -> HTTPResponse {
        // It may be gone: then its lines are about to be another's.
        node.lookAgain()
        return heldElsewhere(subject, isForwarded: false)
    }

    private func heldElsewhere(_ subject: Subject, isForwarded: Bool) -> HTTPResponse {
        var meter: MeterID?
        if case .meter(let id) = subject { meter = MeterID(id) }
        let answer = HTTPResponse(Problem(.heldElsewhere(meter), now: gateway.clock.now()))
        return isForwarded ? answer.with(Self.notHere, node.record.name) : answer
    }
}
