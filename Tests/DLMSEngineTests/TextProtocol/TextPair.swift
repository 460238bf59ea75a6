// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import DLMSSecurity

/// A client and a meter on a line in memory, with a clock that only the pair moves.
struct TextPair {
    enum Event: Equatable {
        case sent([UInt8])
        case received([UInt8])
        case line(LineFormat)
    }

    var client: any ProtocolClient
    var server: ServerMachine
    let meter: TextTestMeter
    var now = start
    /// What is on the line.
    private var underway: [Item] = []

    private enum Item {
        case question([UInt8])
        case answer([UInt8])
        case format(LineFormat)
    }

    private var clientDeadline: ContinuousClock.Instant?
    private var serverDeadline: ContinuousClock.Instant?
    /// What went over the line, in order.
    private(set) var events: [Event] = []
    private(set) var outcomes: [ClientAction] = []
    /// How many messages of each side the line has damaged or lost so far.
    private var answers = 0
    private var questions = 0
    /// What becomes of the n-th message of the meter, from 0, and of the client.
    var onAnswer: (Int, [UInt8]) -> [UInt8] = { $1 }
    var onQuestion: (Int, [UInt8]) -> [UInt8] = { $1 }
    /// Whether octets come one by one, with a pause between.
    var trickles: Duration?
    /// Whether the meter can see the client's speed.
    var showsSpeed = true
    /// Whether the client's changes of the line have no effect.
    var ignoresSpeed = false

    init(
        _ settings: AssociationSettings,
        _ server: ServerFraming,
        meter: TextTestMeter = TextTestMeter()
    ) {
        self.meter = meter
        client = settings.client()
        self.server = ServerMachine(objects: meter, framing: server)
    }

    mutating func connect() {
        outcomes = []
        runServer(server.connected(now: now))
        if showsSpeed { runServer(server.lineChanged(to: LineFormat(baud: 300, dataBits: 7, parity: .even))) }
        run(client.connected(now: now, randomness: nil))
        drive { $0.client.isReady || $0.outcomes.contains(.close) }
    }

    /// Does a request and moves the clock until it has ended.
    mutating func perform(_ request: ServiceRequest, within limit: Duration? = nil) -> ServiceResponse? {
        outcomes = []
        run(client.perform(request, deadline: limit.map { now + $0 }, streams: false, now: now))
        drive { pair in
            pair.outcomes.contains { action in
                switch action {
                case .completed, .failed: true
                default: false
                }
            }
        }
        for case .completed(let response) in outcomes { return response }
        return nil
    }

    mutating func perform(_ request: TextRequest, within limit: Duration? = nil) -> TextResponse? {
        guard case .text(let response)? = perform(.text(request), within: limit) else { return nil }
        return response
    }

    var error: EngineError? {
        for action in outcomes {
            switch action {
            case .failed(let error), .associationFailed(let error): return error
            default: continue
            }
        }
        return nil
    }

    mutating func begin(_ request: TextRequest) {
        outcomes = []
        run(client.perform(.text(request), deadline: nil, streams: false, now: now))
    }

    mutating func cancel() { run(client.cancel(now: now)) }

    mutating func interrupt() { client.interrupt(endsStream: false) }

    mutating func release() {
        run(client.release(now: now))
        drive { $0.outcomes.contains(.close) }
    }

    mutating func passTime(_ duration: Duration) {
        let until = now + duration
        drive(until: until) { _ in false }
        now = until
    }

    /// The messages the client sent, as text.
    var sent: [String] {
        events.compactMap { event in
            guard case .sent(let octets) = event else { return nil }
            return String(decoding: octets.map { $0 & 0x7F }, as: UTF8.self)
        }
    }

    /// Moves the clock from deadline to deadline.
    mutating func drive(until limit: ContinuousClock.Instant? = nil, _ isDone: (TextPair) -> Bool) {
        for _ in 0..<20_000 {
            guard !isDone(self) else { return }
            guard underway.isEmpty else {
                switch underway.removeFirst() {
                case .question(let octets):
                    for part in parts(octets) { runServer(server.received(part, now: now)) }
                case .answer(let octets):
                    for part in parts(octets) { run(client.received(part, now: now)) }
                case .format(let format): runServer(server.lineChanged(to: format))
                }
                continue
            }
            guard let next = [clientDeadline, serverDeadline].compactMap({ $0 }).min() else { return }
            if let limit, next > limit { return }
            now = max(now, next)
            if let deadline = serverDeadline, deadline <= now {
                serverDeadline = nil
                runServer(server.deadlineReached(now: now))
            } else {
                clientDeadline = nil
                run(client.deadlineReached(now: now))
            }
        }
    }

    private mutating func run(_ actions: [ClientAction]) {
        for action in actions {
            switch action {
            case .send(let octets):
                events.append(.sent(octets))
                let arrived = onQuestion(questions, octets)
                questions += 1
                underway.append(.question(arrived))
            case .setLine(let format):
                events.append(.line(format))
                if showsSpeed, !ignoresSpeed { underway.append(.format(format)) }
            case .deadline(let instant): clientDeadline = instant
            default: outcomes.append(action)
            }
        }
    }

    private mutating func runServer(_ actions: [ServerAction]) {
        for action in actions {
            switch action {
            case .send(let octets):
                let arrived = onAnswer(answers, octets)
                answers += 1
                events.append(.received(arrived))
                underway.append(.answer(arrived))
            case .deadline(let instant): serverDeadline = instant
            case .served, .close: break
            }
        }
    }

    private mutating func parts(_ octets: [UInt8]) -> [[UInt8]] {
        guard let trickles else { return octets.isEmpty ? [] : [octets] }
        now += trickles * octets.count
        return octets.map { [$0] }
    }
}

/// Settings of a text meter, changed as a test wants them.
func textSettings(password: String? = nil, _ change: (inout TextLinkSettings) -> Void = { _ in }) -> AssociationSettings
{
    var link = TextLinkSettings()
    change(&link)
    return AssociationSettings(
        link: .text(link),
        authentication: password.map { .low(Secret(text: $0)) } ?? .none
    )
}

/// A meter whose identification is this, changed as a test wants it.
func textMeter(_ identification: String, _ change: (inout TextServerSettings) -> Void = { _ in }) -> ServerFraming {
    .text(textServer(identification, change))
}

func textServer(
    _ identification: String,
    _ change: (inout TextServerSettings) -> Void = { _ in }
) -> TextServerSettings {
    let octets = Array((identification + "\r\n").utf8)
    let message =
        (try? IdentificationMessage(octets: octets))
        ?? IdentificationMessage(
            manufacturer: "XXX",
            baudCharacter: 0x30,
            identification: ""
        )
    guard let message else { preconditionFailure("an identification of a test is wrong") }
    var settings = TextServerSettings(identification: message)
    change(&settings)
    return settings
}
