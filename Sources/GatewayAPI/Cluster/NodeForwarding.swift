// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
import Fleet
import GatewayCore
import HTTPKit
import Timekeeping

/// Answers requests about meters through the gateway that has their line.
struct NodeForwarding: HTTPResponder {
    /// By this field a gateway knows what another one sent on, and sends it no further: name, time and proof.
    static let field = "Cosem-Gateway-Node"
    /// By this field of the answer a gateway says that it has not got the line and has done nothing.
    static let notHere = "Cosem-Gateway-Not-Here"
    /// How long a request waits for a line that goes from one gateway to another.
    private static let patience = Duration.seconds(5)
    /// How far the clocks of two gateways may differ.
    private static let tolerance = Duration.seconds(300)
    /// What is said of meters from the database, which any gateway can.
    private static let stored: Set<String> = [
        "readings", "completeness", "gaps", "recovery", "history", "latest", "events", "counters", "orders",
    ]

    let inner: RouteTable
    let gateway: Gateway
    let node: ClusterNode
    let forwarder: any HTTPForwarder
    let secret: Secret
    /// How many segments stand before every path.
    let baseLength: Int

    func mostBodyOctets(method: HTTPMethod, rawTarget: String) -> Int? {
        inner.mostBodyOctets(method: method, rawTarget: rawTarget)
    }

    func answerAtHand(for request: HTTPRequest) -> HTTPResponse? { inner.answerAtHand(for: request) }

    func refuse(_ request: HTTPRequest, because problem: Problem) -> HTTPResponse {
        inner.refuse(request, because: problem)
    }

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        guard let subject = subject(of: request) else { return await inner.respond(to: request) }
        // Who may not gets no further; who may is asked again there by the same credentials.
        if let refusal = inner.refusal(of: request) { return refusal }
        let end = ContinuousClock.now + Self.patience
        let isForwarded = isForwarded(request)
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

    // MARK: Sending on

    private func forward(_ request: HTTPRequest, to peer: NodeRecord, about subject: Subject) async -> HTTPResponse {
        var fields = [HTTPHeaders.Field(name: "Forwarded", value: "for=\"\(request.remoteAddress)\"")]
        if let trace = request.trace {
            fields.append(.init(name: "traceparent", value: trace.traceparent))
        }
        if let proof = proof(request) { fields.append(.init(name: Self.field, value: proof)) }
        do throws(HTTPForwardFault) {
            var answer = try await forwarder.forward(request, to: peer.address, with: fields)
            answer.route = "forwarded"
            answer.headers.set("Cosem-Gateway-Answered-By", peer.name)
            return answer
        } catch {
            switch error {
            case .unreachable, .badAddress: return unreachable(subject)
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

    // MARK: Knowing each other

    /// The address of the caller whose request another gateway sent on; nil when it did not.
    func originalAddress(_ request: HTTPRequest) -> String? {
        guard request.headers[Self.field] != nil, isForwarded(request),
            let text = request.headers.all("Forwarded").last, text.hasPrefix("for=\""), text.hasSuffix("\"")
        else { return nil }
        return String(text.dropFirst(5).dropLast())
    }

    private func proof(_ request: HTTPRequest) -> String? {
        let seconds = gateway.clock.now().microseconds / 1_000_000
        guard let digest = try? KeyedDigest.of(Self.text(request, node.record.name, seconds), key: secret) else {
            return nil
        }
        return "\(node.record.name) \(seconds) \(Hexadecimal.text(of: digest))"
    }

    private func isForwarded(_ request: HTTPRequest) -> Bool {
        guard let value = request.headers[Self.field] else { return false }
        let parts = value.split(separator: " ")
        guard parts.count == 3, let seconds = Int64(parts[1]), let digest = Hexadecimal.octets(of: String(parts[2]))
        else {
            return false
        }
        let age = gateway.clock.now() - Timestamp(microseconds: seconds * 1_000_000)
        guard age < Self.tolerance, Duration.zero - age < Self.tolerance else { return false }
        return KeyedDigest.isRight(digest, of: Self.text(request, String(parts[0]), seconds), key: secret)
    }

    private static func text(_ request: HTTPRequest, _ name: String, _ seconds: Int64) -> [UInt8] {
        Array("\(request.method.rawValue) \(request.rawTarget) \(request.id) \(name) \(seconds)".utf8)
    }
}
