// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet

/// How outcomes of jobs are written down for those who ask later; the API decides, because it is its language.
public protocol JobRepresentation: Sendable {
    /// The outcome of reading attributes as JSON text.
    func result(of answer: ReadAnswer, meter: MeterID) -> [UInt8]

    /// Rows of a profile as JSON text.
    func result(of rows: RowsAnswer, meter: MeterID) -> [UInt8]

    /// A failure as JSON text.
    func problem(_ error: GatewayError) -> [UInt8]
}
