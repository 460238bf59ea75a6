// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import Glibc
import NIOCore

/// One meter on one connection: its machine, and the faults between it and the client.
///
/// Lives on the event loop of its connection.
final class ServedMeter {
    private var machine: ServerMachine
    private let state: ListenerState
    private let faults: MeterFaults?
    private let channel: any Channel
    private var isFrozen = false
    /// When the machine is to be woken, and what does it at that time or before.
    private var deadline: ContinuousClock.Instant?
    private var timer: Scheduled<Void>?
    // Each direction keeps its order for itself.
    private lazy var incoming = LineStepQueue(on: channel.eventLoop) { [weak self] in self?.perform($0) }
    private lazy var outgoing = LineStepQueue(on: channel.eventLoop) { [weak self] in self?.perform($0) }

    init(machine: ServerMachine, state: ListenerState, faults: MeterFaults?, channel: any Channel) {
        self.machine = machine
        self.state = state
        self.faults = faults
        self.channel = channel
    }

    /// The connection was made.
    func connected() {
        guard let faults else { return }
        outgoing.append(faults.connected())
    }

    /// The connection has ended.
    func disconnected() {
        timer?.cancel()
        timer = nil
        guard let faults else { return }
        faults.note(.disconnected)
        incoming.clear()
        outgoing.clear()
    }

    /// Octets came from the client.
    func received(_ octets: [UInt8]) {
        guard !isFrozen else { return }
        guard let faults else { return run(machine.received(octets, now: .now)) }
        // What a fault makes the client hear at once, an echo, goes out with the incoming steps.
        incoming.append(faults.received(octets))
    }

    /// Sends a message that nobody asked for to all clients of the connection.
    func notify(_ message: UnsolicitedMessage) {
        guard !isFrozen else { return }
        run(machine.notify(message))
    }

    private func run(_ actions: [ServerAction]) {
        for action in actions {
            switch action {
            case .send(let octets): answer(octets)
            case .deadline(let instant): schedule(instant)
            case .served(let kind): state.served(kind)
            case .close: channel.close(promise: nil)
            }
        }
    }

    private func schedule(_ instant: ContinuousClock.Instant?) {
        deadline = instant
        guard timer == nil else { return }
        startTimer()
    }

    /// Frames move nearly every deadline on: a timer that comes too early finds that out by itself.
    private func startTimer() {
        guard let deadline else { return }
        let delay = max(ContinuousClock.Instant.now.duration(to: deadline), .zero)
        timer = channel.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { [self] in
            timer = nil
            guard let due = self.deadline else { return }
            guard due <= .now else { return startTimer() }
            self.deadline = nil
            run(machine.deadlineReached(now: .now))
        }
    }

    private func answer(_ octets: [UInt8]) {
        guard let delay = state.delay(of: octets, channel) else { return }
        guard let faults else {
            guard delay > .zero else { return write(octets) }
            channel.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { [self] in write(octets) }
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
        case .close: channel.close(promise: nil)
        case .reset: reset()
        case .freeze:
            isFrozen = true
            incoming.clear()
            outgoing.clear()
        }
    }

    /// Closes so that the client gets a reset rather than an end: nothing lingers.
    private func reset() {
        // On the loop of the channel the option is set at once.
        _ = (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
        channel.close(promise: nil)
    }

    private func write(_ octets: [UInt8]) {
        faults?.note(.sent(octets))
        channel.writeAndFlush(channel.allocator.buffer(bytes: octets), promise: nil)
    }
}
