// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet

/// How outcomes of jobs are written down for those who ask later; the API decides, because it is its language.
public protocol JobRepresentation: Sendable {
    /// The outcome of reading attributes as JSON text.
    func result(of answer: ReadAnswer, meter: MeterID) -> [UInt8]

    /// Rows of a profile as JSON text.
    func result(of rows: RowsAnswer, meter: MeterID) -> [UInt8]

    /// What came of filling gaps as JSON text.
    func result(of recovery: GapRecovery, meter: MeterID) -> [UInt8]

    /// The outcome of writing an attribute as JSON text.
    func result(of outcome: WriteOutcome, meter: MeterID) -> [UInt8]

    /// The outcome of a method as JSON text.
    func result(of outcome: MethodOutcome, meter: MeterID) -> [UInt8]

    /// What a meter is and has as JSON text.
    func result(of discovery: MeterDiscovery) -> [UInt8]

    /// The outcome of correcting a clock as JSON text.
    func result(of outcome: ClockSyncOutcome, meter: MeterID) -> [UInt8]

    /// The outcome of a firmware transfer as JSON text.
    func result(of outcome: FirmwareOutcome, meter: MeterID) -> [UInt8]

    /// The outcome of replacing secrets as JSON text.
    func result(of outcome: SecretChangeOutcome, meter: MeterID) -> [UInt8]

    /// The outcome of an order that switches supply as JSON text.
    ///
    /// - Parameter earlier: what ``kept(before:)`` gave before the command was sent, if it was.
    func result(of outcome: DisconnectorOutcome, earlier: [UInt8]?, meter: MeterID) -> [UInt8]

    /// What was found before a command that switches supply is sent, as JSON text.
    func kept(before outcome: DisconnectorOutcome) -> [UInt8]

    /// How far a firmware transfer is as JSON text.
    func progress(_ progress: FirmwareProgress) -> [UInt8]

    /// A failure as JSON text.
    func problem(_ error: GatewayError) -> [UInt8]
}
