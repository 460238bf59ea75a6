// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import MeterTransport

@Suite("Listening to pushes")
struct PushTests {
    private static let notification = DataNotification(
        invoke: LongInvokeIDAndPriority(invokeID: 7),
        body: .structure([.octetString([1, 0, 1, 8, 0, 255]), .doubleLongUnsigned(1_234_567)])
    )

    /// The usual settings on loopback with changes.
    private func limited(_ change: (inout PushSettings) -> Void) -> PushSettings {
        var settings = PushSettings(host: "127.0.0.1", port: 0)
        change(&settings)
        return settings
    }

    /// Runs a test with a listener, its intake, and loops for senders.
    private func listening(
        _ settings: PushSettings = PushSettings(host: "127.0.0.1", port: 0),
        _ body: (PushListener, PushIntake, MeterNetwork) async throws -> Void
    ) async throws {
        let intake = PushIntake(settings: settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let network = MeterNetwork()
        let listener = try await PushListener.bind(intake, network: network)
        try await body(listener, intake, network)
        intake.close()
        await listener.close()
        await network.shutdown()
    }

    private func frame(_ source: UInt16 = 1) throws -> [UInt8] {
        try #require(
            WrapperFrame(sourcePort: source, destinationPort: 102, payload: Self.notification.octets)
        ).octets
    }

    /// A sender's connection that keeps what it is sent.
    private func connect(
        _ network: MeterNetwork,
        from: String? = nil,
        to host: String,
        _ port: Int
    ) async throws
        -> (channel: any Channel, answers: AsyncStream<[UInt8]>)
    {
        let (answers, sink) = AsyncStream<[UInt8]>.makeStream()
        var bootstrap = ClientBootstrap(group: network.group).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Keeper(sink)) }
        }
        if let from { bootstrap = bootstrap.bind(to: try SocketAddress(ipAddress: from, port: 0)) }
        return (try await bootstrap.connect(host: host, port: port).get(), answers)
    }

    private final class Keeper: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        let sink: AsyncStream<[UInt8]>.Continuation

        init(_ sink: AsyncStream<[UInt8]>.Continuation) { self.sink = sink }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            sink.yield(Array(unwrapInboundIn(data).readableBytesView))
        }

        func channelInactive(context: ChannelHandlerContext) { sink.finish() }
    }

    private func send(_ octets: [UInt8], _ channel: any Channel) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: octets)).get()
    }

    @Test("A push over TCP arrives, and its confirmation goes back", arguments: ["127.0.0.1", "::1"])
    func stream(_ host: String) async throws {
        try await listening(PushSettings(host: host, port: 0)) { listener, intake, network in
            let (channel, answers) = try await connect(network, to: host, listener.port)
            try await send(try frame(3), channel)
            let arrivals = await intake.next(most: 10)
            #expect(arrivals.map(\.message.apdu) == [Self.notification.octets])
            #expect(arrivals.map(\.address) == [host])
            #expect(arrivals.first?.transport == .tcp)
            let confirm = DataNotificationConfirm(invoke: Self.notification.invoke).octets
            arrivals.first?.answer(confirm)
            var received = answers.makeAsyncIterator()
            let answer = try WrapperFrame(octets: try #require(await received.next()))
            #expect((answer.sourcePort, answer.destinationPort) == (102, 3))
            #expect(answer.payload == confirm)
            #expect(intake.senders.map(\.connections) == [1])
            try await channel.close().get()
        }
    }

    @Test("A push over UDP on the same port arrives, and its confirmation goes back")
    func datagram() async throws {
        try await listening { listener, intake, network in
            let (answers, sink) = AsyncStream<[UInt8]>.makeStream()
            let peer = try SocketAddress(ipAddress: "127.0.0.1", port: listener.port)
            let channel = try await DatagramBootstrap(group: network.group).channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(DatagramKeeper(sink))
                }
            }.bind(host: "127.0.0.1", port: 0).get()
            let envelope = AddressedEnvelope(remoteAddress: peer, data: ByteBuffer(bytes: try frame()))
            try await channel.writeAndFlush(envelope).get()
            let arrival = try #require(await intake.next(most: 1).first)
            #expect(arrival.transport == .udp)
            arrival.answer([0x10, 0, 0, 0, 7, 0])
            var received = answers.makeAsyncIterator()
            let answer = try WrapperFrame(octets: try #require(await received.next()))
            #expect(answer.payload == [0x10, 0, 0, 0, 7, 0])
        }
    }

    @Test("Who begins many messages by UDP shuts out nobody else, and what is given up is counted")
    func begunDatagrams() async throws {
        try await listening(limited { $0.connectionsPerAddress = 2 }) { listener, intake, network in
            let peer = try SocketAddress(ipAddress: "127.0.0.1", port: listener.port)
            func sender(_ host: String) async throws -> any Channel {
                try await DatagramBootstrap(group: network.group).bind(host: host, port: 0).get()
            }
            func send(_ apdu: [UInt8], _ channel: any Channel) async throws {
                let frame = try #require(WrapperFrame(sourcePort: 1, destinationPort: 102, payload: apdu))
                let envelope = AddressedEnvelope(remoteAddress: peer, data: ByteBuffer(bytes: frame.octets))
                try await channel.writeAndFlush(envelope).get()
            }
            func block(_ octets: [UInt8], number: UInt8, isLast: Bool) -> [UInt8] {
                [0xE0, isLast ? 0x80 : 0x40, 0, number, 0, 0, UInt8(octets.count)] + octets
            }
            let apdu = Self.notification.octets
            let meter = try await sender("127.0.0.2")
            try await send(block(Array(apdu.prefix(5)), number: 1, isLast: false), meter)
            while intake.counters.incompleteOctets < 5 { await Task.yield() }
            for count in 1...4 as ClosedRange<UInt64> {
                try await send(block([0x0F, 1, 2], number: 1, isLast: false), try await sender("127.0.0.3"))
                while intake.senders.last?.octets ?? 0 < count * 18 { await Task.yield() }
            }
            #expect(intake.counters.losses[.incomplete] == 2)
            #expect(intake.counters.incompleteOctets == 11)
            try await send(block(Array(apdu.dropFirst(5)), number: 2, isLast: true), meter)
            #expect(try #require(await intake.next(most: 1).first).message.apdu == apdu)
            #expect(intake.counters.incompleteOctets == 6)
        }
    }

    @Test("Datagrams that begin more than is kept of all senders together are given up")
    func tooManyOctetsBegun() async throws {
        try await listening(limited { $0.mostIncompleteOctets = 4 }) { listener, intake, network in
            let peer = try SocketAddress(ipAddress: "127.0.0.1", port: listener.port)
            let sender = try await DatagramBootstrap(group: network.group).bind(host: "127.0.0.1", port: 0).get()
            let block: [UInt8] = [0xE0, 0x40, 0, 1, 0, 0, 5, 0x0F, 1, 2, 3, 4]
            let frame = try #require(WrapperFrame(sourcePort: 1, destinationPort: 102, payload: block))
            let envelope = AddressedEnvelope(remoteAddress: peer, data: ByteBuffer(bytes: frame.octets))
            try await sender.writeAndFlush(envelope).get()
            while intake.counters.losses[.incomplete] == nil { await Task.yield() }
            #expect(intake.counters.incompleteOctets == 0)
        }
    }

    private final class DatagramKeeper: ChannelInboundHandler {
        typealias InboundIn = AddressedEnvelope<ByteBuffer>
        let sink: AsyncStream<[UInt8]>.Continuation

        init(_ sink: AsyncStream<[UInt8]>.Continuation) { self.sink = sink }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            sink.yield(Array(unwrapInboundIn(data).data.readableBytesView))
        }
    }

    @Test("Who sends much waits behind his own messages, and loses none over TCP")
    func fairness() async throws {
        try await listening(limited { $0.waitingPerAddress = 20 }) { listener, intake, network in
            let (flooder, _) = try await connect(network, to: "127.0.0.1", listener.port)
            let count = 2000
            let flood = try frame()
            async let sent: Void = send(Array(repeating: flood, count: count).flatMap { $0 }, flooder)
            var fromFlooder = await intake.next(most: 1).count
            let (other, _) = try await connect(network, from: "127.0.0.9", to: "127.0.0.1", listener.port)
            try await send(try frame(), other)
            // However much waits of the first, the next turn is the other's.
            var before = 0
            while true {
                let next = await intake.next(most: 1)
                if next.first?.address == "127.0.0.9" { break }
                before += 1
                fromFlooder += next.count
                // The other one's octets may not have been read yet.
                if intake.senders.contains(where: { $0.address == "127.0.0.9" && $0.waiting > 0 }) { before = 0 }
                if before > 1500 { break }
            }
            #expect(before < 1500)
            let status = intake.senders.first { $0.address == "127.0.0.1" }
            #expect(status.map { $0.waiting < 400 } == true)
            while fromFlooder < count { fromFlooder += await intake.next(most: 50).count }
            try await sent
            #expect(fromFlooder == count)
            #expect(intake.counters.dropped == 0)
        }
    }

    @Test("More connections of one address than allowed are closed")
    func connections() async throws {
        try await listening(limited { $0.connectionsPerAddress = 1 }) { listener, intake, network in
            let (first, _) = try await connect(network, to: "127.0.0.1", listener.port)
            try await send(try frame(), first)
            _ = await intake.next(most: 1)
            let (_, answers) = try await connect(network, to: "127.0.0.1", listener.port)
            for await _ in answers {}
            #expect(intake.counters.refusedConnections == 1)
            #expect(intake.counters.connections == 1)
        }
    }

    @Test("What is not complete is given up after a while, and costs nobody else anything")
    func incomplete() async throws {
        try await listening(limited { $0.silence = .milliseconds(50) }) { listener, intake, network in
            let (channel, _) = try await connect(network, to: "127.0.0.1", listener.port)
            try await send(Array(try frame().dropLast(4)), channel)
            while intake.counters.losses[.incomplete] == nil { await Task.yield() }
            try await send(try frame(), channel)
            #expect(await intake.next(most: 1).count == 1)
            #expect(intake.counters.incompleteOctets == 0)
        }
    }

    @Test("A datagram of who has sent too much is dropped and counted")
    func budget() throws {
        var settings = PushSettings(host: "127.0.0.1", port: 0)
        settings.octetsPerSecond = 10
        let intake = PushIntake(settings: settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let now = ContinuousClock.Instant.now
        let datagram = [UInt8](repeating: 0, count: 40)
        #expect(intake.admits(datagram, from: "192.0.2.1", now: now))
        #expect(!intake.admits(datagram, from: "192.0.2.1", now: now))
        #expect(intake.admits(datagram, from: "192.0.2.2", now: now))
        #expect(!intake.admits(datagram, from: "192.0.2.1", now: now + .seconds(3)))
        #expect(intake.admits(datagram, from: "192.0.2.1", now: now + .seconds(4)))
        #expect(intake.counters.dropped == 2)
        #expect(intake.senders.map(\.dropped) == [2, 0])
    }

    @Test("Few messages of one address are handed out together, whatever waits of it")
    func turns() async throws {
        let settings = PushSettings(host: "127.0.0.1", port: 0)
        let intake = PushIntake(settings: settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let now = ContinuousClock.Instant.now
        func bring(_ count: Int, _ address: String) {
            let message = PushedMessage(apdu: [0x0F], route: .bare)
            let arrivals = (0..<count).map { _ in
                PushArrival(address: address, transport: .udp, message: message, receivedAt: now) { _, _ in }
            }
            #expect(intake.admits([0], from: address, now: now))
            intake.tookDatagram([0], arrivals, [], from: address, now: now)
        }
        bring(100, "192.0.2.1")
        bring(2, "192.0.2.2")
        let first = await intake.next(most: 500)
        #expect(first.count { $0.address == "192.0.2.1" } == 16)
        #expect(first.count { $0.address == "192.0.2.2" } == 2)
        bring(1, "192.0.2.3")
        let second = await intake.next(most: 3)
        #expect(second.map(\.address) == ["192.0.2.1", "192.0.2.3", "192.0.2.1"])
        #expect(intake.counters.waiting == 82)
    }

    @Test("No more addresses are remembered than allowed; those of meters stay longer")
    func forgetting() throws {
        var settings = PushSettings(host: "127.0.0.1", port: 0)
        settings.mostSenders = 3
        let intake = PushIntake(settings: settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let now = ContinuousClock.Instant.now
        #expect(intake.admits([0], from: "192.0.2.1", now: now))
        intake.identified("192.0.2.1", as: "M1")
        for number in 2...50 { #expect(intake.admits([0], from: "192.0.2.\(number)", now: now)) }
        #expect(intake.senders.count == 3)
        #expect(intake.senders.contains { $0.address == "192.0.2.1" })
    }
}
