// A spectrogram of each recording with the probabilities of the labels over it.

const recordings = JSON.parse(await unpacked("recordings"));
const least = 0.01;  // a label that never comes above it is no line

const times = (count, step, at) => Array.from({ length: count }, (_, index) => (index + at) * step);

function traces(recording) {
  const columns = recording.spectrogram[0].length;
  const heard = {
    type: "heatmap", z: recording.spectrogram, x: times(columns, recording.bin, 0.5), y: recording.bands,
    colorscale: "Greys", reversescale: true, showscale: false, hoverinfo: "skip",
  };
  const lines = recording.labels.map((label, index) => ({
    type: "scatter", mode: "lines", name: plain(label), yaxis: "y2", line: { color: colorOf(index), width: 2.5 },
    x: times(recording.posteriors[index].length, recording.step, 1), y: recording.posteriors[index],
    hovertemplate: `${plain(label)}: %{y:.3f} after %{x:.2f} s<extra></extra>`,
  }));
  return [heard, ...lines.filter((line) => Math.max(...line.y) > least)];
}

function layout() {
  const top = { l: 70, r: 60, t: 12, b: 48 };
  return {
    ...baseLayout(top), showlegend: true, legend: { orientation: "h", y: 1.14 },
    xaxis: { ...axisStyle("seconds"), showgrid: false },
    yaxis: { ...axisStyle("Hz"), type: "log", showgrid: false },
    yaxis2: { ...axisStyle("probability"), overlaying: "y", side: "right", range: [0, 1.02], showgrid: false },
  };
}

for (const recording of recordings) {
  const section = document.createElement("section");
  const head = document.createElement("h2"), said = document.createElement("p"), plot = document.createElement("div");
  head.textContent = recording.file;
  said.className = "note";
  said.textContent = `heard: ${recording.said}`;
  plot.className = "plot";
  plot.style.height = "360px";
  section.append(head, said, plot);
  byId("recordings").append(section);
  draw(plot, traces(recording), layout());
}
