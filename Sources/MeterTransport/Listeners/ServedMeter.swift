// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import NIOCore

/// One meter on one connection: its machine, and the faults between it and the client.
///
/// On a line with a speed it only understands clients that have set its own, and is only understood by them.
///
/// Lives on the event loop of its connection.
final class ServedMeter {
    private var machine: ServerMachine
    private let state: ListenerState
    private let faults: MeterFaults?
    private let wire: any ServedWire
    private let loop: any EventLoop
    private let makeMachine: () -> ServerMachine
    /// The format that the meter has now; nil = whatever the client has.
    private var format: LineFormat?
    /// The speed of the client that the machine was told last.
    private var clientBaud: UInt32?
    private var isFrozen = false
    /// When the machine is to be woken, and what does it at that time or before.
    private var deadline: ContinuousClock.Instant?
    private var timer: Scheduled<Void>?
    /// When the timer ends.
    private var wakeUp: ContinuousClock.Instant?
    // Each direction keeps its order for itself.
    private lazy var incoming = LineStepQueue(on: loop) { [weak self] in self?.perform($0) }
    private lazy var outgoing = LineStepQueue(on: loop) { [weak self] in self?.perform($0) }

    init(
        state: ListenerState,
        options: MeterListener.Options,
        wire: any ServedWire,
        loop: any EventLoop,
        makeMachine: @escaping () -> ServerMachine
    ) {
        self.state = state
        faults = options.faults
        format = options.lineFormat
        self.wire = wire
        self.loop = loop
        self.makeMachine = makeMachine
        machine = makeMachine()
    }

    /// Somebody connects, who may still be turned away.
    func accepted() {
        state.opened(NIOLoopBound(self, eventLoop: loop))
    }

    /// The connection was made.
    func connected() {
        run(machine.connected(now: .now))
        guard let faults else { return }
        outgoing.append(faults.connected())
    }

    /// The connection has ended.
    func disconnected() {
        timer?.cancel()
        timer = nil
        state.closed(self)
        guard let faults else { return }
        faults.note(.disconnected)
        incoming.clear()
        outgoing.clear()
    }

    /// Octets came from the client.
    func received(_ octets: [UInt8]) {
        guard !isFrozen else { return }
        noteSpeed()
        let octets = hears ? octets : WrongSpeed.garbled(octets)
        guard let faults else { return run(machine.received(octets, now: .now)) }
        // What a fault makes the client hear at once, an echo, goes out with the incoming steps.
        incoming.append(faults.received(octets))
    }

    /// Sends a message that nobody asked for to all clients of the connection.
    func notify(_ message: UnsolicitedMessage) {
        guard !isFrozen else { return }
        run(machine.notify(message))
    }

    /// Tells a meter that changes its speed by itself which one the client has.
    private func noteSpeed() {
        guard format == nil, let baud = wire.baud, baud != clientBaud else { return }
        clientBaud = baud
        run(machine.lineChanged(to: LineFormat(baud: baud)))
    }

    private func run(_ actions: [ServerAction]) {
        for action in actions {
            switch action {
            case .send(let octets): answer(octets)
            case .deadline(let instant): schedule(instant)
            case .served(let kind): state.served(kind)
            case .close: close()
            }
        }
    }

    private func schedule(_ instant: ContinuousClock.Instant?) {
        deadline = instant
        if let timer, let wakeUp {
            guard let instant, instant < wakeUp else { return }
            timer.cancel()
        }
        startTimer()
    }

    /// Frames move nearly every deadline on: a timer that comes too early finds that out by itself.
    private func startTimer() {
        guard let deadline else { return }
        let delay = max(ContinuousClock.Instant.now.duration(to: deadline), .zero)
        wakeUp = deadline
        timer = loop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { [self] in
            timer = nil
            guard let due = self.deadline else { return }
            guard due <= .now else { return startTimer() }
            self.deadline = nil
            noteSpeed()
            run(machine.deadlineReached(now: .now))
        }
    }

    private func answer(_ octets: [UInt8]) {
        guard let delay = state.delay(of: octets, NIOLoopBound(self, eventLoop: loop)) else { return }
        guard let faults else {
            guard delay > .zero else { return write(octets) }
            loop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { [self] in write(octets) }
            return
        }
        outgoing.append((delay > .zero ? [.pause(delay)] : []) + faults.answered(octets))
    }

    private func perform(_ step: LineStep) {
        guard !isFrozen else { return }
        switch step {
        case .pause: break
        case .send(let octets): write(octets)
        case .deliver(let octets): run(machine.received(octets, now: .now))
        case .close: close()
        case .reset: close(resets: true)
        case .freeze:
            isFrozen = true
            incoming.clear()
            outgoing.clear()
        }
    }

    /// Ends the connection; on a line without connections the meter just begins anew.
    func close(resets: Bool = false) {
        guard !wire.close(resets: resets) else { return }
        machine = makeMachine()
        clientBaud = nil
    }

    /// Sends octets now, whatever was to become of them.
    func write(_ octets: [UInt8]) {
        faults?.note(.sent(octets))
        wire.write(hears ? octets : WrongSpeed.garbled(octets))
    }

    /// Whether client and meter have the same speed.
    private var hears: Bool {
        guard let format, let baud = wire.baud else { return true }
        return format.baud == baud
    }
}
